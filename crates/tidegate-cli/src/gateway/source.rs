//! Where a gateway's policy comes from: a file, or a few flags. Never here: what a policy can say.

use std::path::{Path, PathBuf};

use tidegate_wire::announce::{Form, ResetAs};

use crate::exit::{Exit, Failure};
use crate::policy::{self, Config};
use crate::toml_file::{self, Taken};

/// Where the policy comes from, and what was typed on top of it.
#[derive(Debug)]
pub(crate) struct Source {
    from: From,
    legacy: Legacy,
}

#[derive(Debug)]
enum From {
    File(PathBuf),
    /// A policy file as the flags would write it.
    Flags(String),
}

/// Whether answers announce limits in the older `X-RateLimit-*` fields, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Legacy {
    AsInFile,
    Too,
}

/// A policy in a few flags.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) listen: String,
    pub(crate) admin: String,
    pub(crate) upstreams: Vec<String>,
    pub(crate) quota: Option<String>,
    pub(crate) key: String,
}

impl Source {
    /// A file.
    pub(crate) fn file(path: PathBuf, legacy: Legacy) -> Source {
        Source { from: From::File(path), legacy }
    }

    /// Flags.
    pub(crate) fn flags(typed: &Typed, legacy: Legacy) -> Source {
        Source { from: From::Flags(typed.written()), legacy }
    }

    /// The file, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.from {
            From::File(path) => Some(path),
            From::Flags(_) => None,
        }
    }

    /// The policy as it is now.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub(crate) fn read(&self) -> Result<Taken<Config>, Failure> {
        let Taken { mut config, warnings } = match &self.from {
            From::File(path) => opened(path)?.taken()?,
            From::Flags(text) => {
                let understood = policy::read(text, Path::new(""));
                let path = Path::new("the flags").to_owned();
                let taken = toml_file::Opened { path, text: text.clone(), understood }.taken()?;
                // Flags say so little that nothing of it is likely wrong.
                Taken { warnings: Vec::new(), ..taken }
            }
        };
        if self.legacy == Legacy::Too {
            let forms = &mut config.gateway.answers.forms;
            if !forms.iter().any(|form| matches!(form, Form::XRateLimit(_))) {
                forms.push(Form::XRateLimit(ResetAs::DelaySeconds));
            }
        }
        Ok(Taken { config, warnings })
    }
}

fn opened(path: &Path) -> Result<policy::Opened, Failure> {
    if path != Path::new("-") && !path.exists() {
        return Err(Failure::new(Exit::Usage, format!("there is no policy file {}", path.display())).hint(
            "name one with --config FILE, or begin without: tidegate gateway --upstream http://127.0.0.1:9001 \
             --limit '300 per minute, burst 50'",
        ));
    }
    policy::open(path)
}

impl Typed {
    /// The policy file that says the same. A caller without the key counts by its address.
    fn written(&self) -> String {
        // A JSON string is a basic string of TOML.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let upstreams: Vec<String> = self.upstreams.iter().map(|upstream| quoted(upstream)).collect();
        let mut text = format!(
            "[gateway]\nlisten = {}\nadmin = {}\nupstreams = [{}]\n",
            quoted(&self.listen),
            quoted(&self.admin),
            upstreams.join(", ")
        );
        if let Some(quota) = &self.quota {
            let (key, quota) = (quoted(&self.key), quoted(quota));
            text += &format!(
                "\n[[limit]]\nname = \"calls\"\nkey = {key}\nmissing = \"by-address\"\nquota = {quota}\n"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(quota: &str, key: &str) -> Typed {
        Typed {
            listen: "127.0.0.1:0".into(),
            admin: "off".into(),
            upstreams: vec!["http://127.0.0.1:9001".into(), "http://127.0.0.1:9002".into()],
            quota: Some(quota.into()),
            key: key.into(),
        }
    }

    #[test]
    fn flags_make_the_policy_that_they_say() {
        let config =
            Source::flags(&typed("300 per minute", "header:x-api-key"), Legacy::Too).read().unwrap().config;
        assert_eq!(config.gateway.upstreams.len(), 2);
        assert_eq!(config.gateway.admin, None);
        assert_eq!(config.policy.limits[0].quota, Some("300 per minute".parse().unwrap()));
        assert_eq!(config.policy.limits[0].key[0].to_string(), "header:x-api-key");
        let forms = [Form::Current, Form::XRateLimit(ResetAs::DelaySeconds)];
        assert_eq!(config.gateway.answers.forms, forms);
    }

    #[test]
    fn a_flag_that_can_not_be_read_is_shown_with_what_is_wrong() {
        for (quota, key) in [("300 per fortnight", "bearer"), ("5 per second", "nobody"), ("\"\n", "ip")] {
            let failure = Source::flags(&typed(quota, key), Legacy::AsInFile).read().unwrap_err();
            assert!(failure.to_string().contains("the flags:"), "{failure}");
        }
    }

    #[test]
    fn who_has_no_file_is_told_how_to_begin() {
        let failure = Source::file("no/such/file.toml".into(), Legacy::AsInFile).read().unwrap_err();
        assert_eq!(failure.message(), "there is no policy file no/such/file.toml");
        assert!(failure.hinted().unwrap().contains("--upstream"));
    }
}
