//! A section of the configuration: its options are declared once, and everything else follows from the declaration.

/// An option, for the reference.
#[derive(Debug, Clone)]
pub(crate) struct OptionReference {
    /// Its name within the section.
    pub(crate) key: &'static str,
    /// What its values look like.
    pub(crate) kind: &'static str,
    /// The default, as it would be written; empty for none.
    pub(crate) default: String,
    /// The documentation, one line each.
    pub(crate) doc: &'static [&'static str],
}

/// A section of the configuration.
pub(crate) trait Section {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it is about, one line each.
    fn doc(&self) -> &'static [&'static str];

    /// Its options, in the order of their declaration.
    fn options(&self) -> Vec<OptionReference>;

    /// Sets an option from text: `None` for an unknown one, or why the text won't do.
    fn set(&mut self, key: &str, text: &str) -> Option<Result<(), String>>;
}

/// Declares a section: `Type = "name" { option: Type = default, … }`, everything with its documentation.
macro_rules! section {
    (
        $(#[doc = $doc:literal])*
        $type:ident = $name:literal {
            $($(#[doc = $option_doc:literal])* $option:ident: $kind:ty = $default:expr,)*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Clone)]
        pub struct $type {
            $($(#[doc = $option_doc])* pub $option: $kind,)*
        }

        impl Default for $type {
            fn default() -> Self {
                Self { $($option: $default,)* }
            }
        }

        impl $crate::config::section::Section for $type {
            fn name(&self) -> &'static str {
                $name
            }

            fn doc(&self) -> &'static [&'static str] {
                &[$($doc),*]
            }

            fn options(&self) -> Vec<$crate::config::section::OptionReference> {
                let default = Self::default();
                vec![$($crate::config::section::OptionReference {
                    key: stringify!($option),
                    kind: <$kind as $crate::config::setting::Setting>::KIND,
                    default: $crate::config::setting::Setting::show(&default.$option),
                    doc: &[$($option_doc),*],
                },)*]
            }

            fn set(&mut self, key: &str, text: &str) -> Option<Result<(), String>> {
                match key {
                    $(stringify!($option) => Some(
                        $crate::config::setting::Setting::read(text).map(|value| self.$option = value),
                    ),)*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use section;
