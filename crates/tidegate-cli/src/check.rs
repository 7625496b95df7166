//! `tidegate check`: whether a policy file is good, and what it would do to a request. Never here: a rule of the file.

pub(crate) mod args;

mod asked;
mod files;
mod json;
mod outlook;
mod page;
mod summary;
mod table;
mod told;

use std::path::Path;

use crate::exit::{Exit, Failure};
use crate::output;
use crate::policy::{self, Opened, Understood};
use crate::toml_file::{self, Fault};
use args::Args;

/// Checks a policy file, and says what it would do to a request.
pub(crate) async fn run(args: &Args) -> Result<Exit, Failure> {
    if args.schema {
        output::stdout(policy::schema())?;
        return Ok(Exit::Done);
    }
    let path = args.config.as_deref().unwrap_or(Path::new("tidegate.toml"));
    let Opened { path, text, understood } = policy::open(path).map_err(|failure| match &args.config {
        Some(_) => failure,
        None => failure.hint("name a policy file: tidegate check --config FILE"),
    })?;
    let name = toml_file::name(&path);
    let Understood { config, warnings } = match understood {
        Ok(understood) => understood,
        Err(faults) if args.json => {
            output::stdout(json::faults(&text, &faults))?;
            return Ok(Exit::Usage);
        }
        Err(faults) => return Err(count(toml_file::failure(&path, &text, &faults), &faults)),
    };
    let unreadable = files::unreadable(&config);
    if let Some(request) = &args.request {
        let asked = asked::Asked::read(request, args, &config)?;
        let told = told::Told::of(&asked, config).await?;
        return output::stdout(if args.json { json::told(&told) } else { told.to_string() })
            .map(|()| Exit::Done);
    }
    output::stdout(match args.json {
        true => json::good(&config, &text, &warnings, &unreadable),
        false => summary::page(&name, &config, &unreadable),
    })?;
    if !args.json {
        for warning in &warnings {
            output::error(format_args!("\nwarning: {}", warning.shown(&name, &text)));
        }
        for file in &unreadable {
            output::error(format_args!("\nerror: {file}"));
        }
    }
    Ok(if unreadable.is_empty() { Exit::Done } else { Exit::Usage })
}

fn count(failure: Failure, faults: &[Fault]) -> Failure {
    match faults {
        [_] => failure,
        _ => Failure::new(
            failure.exit(),
            format!("{}\n\n{} mistakes in the file", failure.message(), faults.len()),
        ),
    }
}
