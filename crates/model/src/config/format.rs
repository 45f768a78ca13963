//! How the content of a configuration item is read.

/// The format of a configuration item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Any text.
    #[default]
    Text,
    /// JSON (RFC 8259).
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.0.
    Toml,
    /// Java properties.
    Properties,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Json,
        Self::Yaml,
        Self::Toml,
        Self::Properties,
    ];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
            Self::Properties => "properties",
        }
    }

    /// The format of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// The format that the ending of a name says; text where it says none.
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json") => Self::Json,
            Some("yaml" | "yml") => Self::Yaml,
            Some("toml") => Self::Toml,
            Some("properties") => Self::Properties,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_endings_name_formats() {
        for format in Format::ALL {
            assert_eq!(Format::from_word(format.as_str()), Some(format));
        }
        for (name, format) in [
            ("app.yaml", Format::Yaml),
            ("app.yml", Format::Yaml),
            ("a.b.json", Format::Json),
            ("app.toml", Format::Toml),
            ("application.properties", Format::Properties),
            ("motd", Format::Text),
            ("json", Format::Text),
        ] {
            assert_eq!(Format::of_name(name), format, "{name}");
        }
    }
}
