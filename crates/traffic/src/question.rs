//! Who asks for an instance, and what for.

use paste_model::{InstanceId, Label};

use crate::Selector;

/// Where the caller runs. What it doesn't know has no effect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// Its zone.
    pub zone: Option<Label>,
    /// Its region.
    pub region: Option<Label>,
}

/// What is asked. The default asks for any instance.
#[derive(Clone, Copy, Default)]
pub struct Question<'a> {
    /// What the instance must be like. The instances that a selector leaves are found once and kept, for the last few
    /// dozen different selectors.
    pub selector: Option<&'a Selector>,
    /// The headers of the request, for the policy's rules and its `hash_header`.
    pub headers: Option<&'a (dyn Headers + Sync)>,
    /// For the hashing balancers: requests with the same key go to the same instance.
    pub hash_key: Option<&'a str>,
    /// Instances that were tried before, and are taken again only if there is no other.
    pub tried: &'a [InstanceId],
}

/// Headers of a request, however the caller keeps them.
pub trait Headers {
    /// The (first) value of the header `name`, whose case doesn't matter. `None` where it is absent or no text.
    fn value(&self, name: &str) -> Option<&str>;
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for [(N, V)] {
    fn value(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(own, _)| own.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for Vec<(N, V)> {
    fn value(&self, name: &str) -> Option<&str> {
        self.as_slice().value(name)
    }
}

impl<const COUNT: usize, N: AsRef<str>, V: AsRef<str>> Headers for [(N, V); COUNT] {
    fn value(&self, name: &str) -> Option<&str> {
        self.as_slice().value(name)
    }
}

impl Question<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers?.value(name)
    }
}
