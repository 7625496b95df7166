//! `tidegate check`: whether a file is good, and what it would do to a request. Never here: a rule of the file.

pub(crate) mod args;

mod asked;
mod files;
mod json;
mod kind;
mod outlook;
mod page;
mod proxy;
mod summary;
mod table;
mod told;

use std::path::Path;

use crate::exit::{Exit, Failure};
use crate::toml_file::{self, Fault};
use crate::{output, policy};
use args::Args;
use kind::Kind;

/// Checks a file, and says what it would do to a request.
pub(crate) async fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(kind) = args.schema {
        let schema = match kind {
            Kind::Gateway => policy::schema(),
            Kind::Proxy => crate::proxy::file::schema(),
        };
        return output::stdout(schema).map(|()| Exit::Done);
    }
    let path = args.named().unwrap_or(Path::new("tidegate.toml"));
    let text = match args.named() {
        Some(_) => toml_file::text(path, "the file")?,
        None => toml_file::text(path, "the policy")
            .map_err(|failure| failure.hint("name a policy file: tidegate check --config FILE"))?,
    };
    let folder = toml_file::folder(path);
    let file = Checked { path, name: toml_file::name(path), text: &text, args };
    match Kind::of(&text) {
        Kind::Gateway => match policy::read(&text, folder) {
            Ok(understood) => of_policy(&file, understood).await,
            Err(faults) => file.bad(&faults),
        },
        Kind::Proxy => match crate::proxy::file::read(&text, folder) {
            Ok(understood) => proxy::of(&file, understood),
            Err(faults) => file.bad(&faults),
        },
    }
}

async fn of_policy(file: &Checked<'_>, understood: policy::Understood) -> Result<Exit, Failure> {
    let policy::Understood { config, warnings } = understood;
    let args = file.args;
    if let Some(request) = &args.request {
        let asked = asked::Asked::read(request, args, &config)?;
        let told = told::Told::of(&asked, config).await?;
        return output::stdout(if args.json { json::told(&told) } else { told.to_string() })
            .map(|()| Exit::Done);
    }
    let unreadable = files::of_policy(&config);
    let said = match args.json {
        true => json::good(&config, file.text, &warnings, &unreadable),
        false => format!("{}{}", file.verdict(&unreadable), summary::page(&config)),
    };
    file.good(&said, &warnings, &[], &unreadable)
}

/// A file that is checked.
#[derive(Debug)]
struct Checked<'f> {
    path: &'f Path,
    /// What people call it.
    name: String,
    text: &'f str,
    args: &'f Args,
}

impl Checked<'_> {
    /// Says all that is wrong with it.
    fn bad(&self, faults: &[Fault]) -> Result<Exit, Failure> {
        if self.args.json {
            output::stdout(json::faults(self.text, faults))?;
            return Ok(Exit::Usage);
        }
        let failure = toml_file::failure(self.path, self.text, faults);
        Err(match faults {
            [_] => failure,
            _ => Failure::new(
                failure.exit(),
                format!("{}\n\n{} mistakes in the file", failure.message(), faults.len()),
            ),
        })
    }

    /// Whether it is good, as the first line of a page.
    fn verdict(&self, unreadable: &[String]) -> String {
        let good = match unreadable {
            [] => "is good",
            [_] => "is well written, and names a file that can't be read",
            _ => "is well written, and names files that can't be read",
        };
        format!("{} {good}.\n\n", self.name)
    }

    /// Says what it comes to; people are told on standard error what is likely wrong, here or in the file.
    fn good(
        &self,
        said: &str,
        warnings: &[Fault],
        here: &[String],
        unreadable: &[String],
    ) -> Result<Exit, Failure> {
        output::stdout(said)?;
        if !self.args.json {
            for warning in warnings {
                output::error(format_args!("\nwarning: {}", warning.shown(&self.name, self.text)));
            }
            for warning in here {
                output::error(format_args!("\nwarning: {warning}"));
            }
            for file in unreadable {
                output::error(format_args!("\nerror: {file}"));
            }
        }
        Ok(if unreadable.is_empty() { Exit::Done } else { Exit::Usage })
    }
}
