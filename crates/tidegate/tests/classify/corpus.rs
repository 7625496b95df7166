//! Every spelling in `vectors/paths.json`: what it comes to, and that no limit is got round with it.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;
use tidegate::classify::{Classifier, Policy, Request};
use tidegate::path::{CodedSlashes, Fault, Host, Params, Rules, Sameness, Target};

use crate::support::{known, limit};

const PATHS: &str = include_str!("../../../../vectors/paths.json");

/// Runs all cases that have `key`, and then fails with each that went wrong and why.
#[track_caller]
fn run(at_least: usize, is_one: impl Fn(&Value) -> bool, check: impl Fn(&Value) -> Result<(), String>) {
    let cases: Vec<Value> = serde_json::from_str(PATHS).expect("a table is a JSON array");
    let cases: Vec<_> = cases.iter().filter(|case| is_one(case)).collect();
    assert!(cases.len() >= at_least, "only {} of {at_least} cases are left", cases.len());
    let failed: Vec<_> = cases
        .iter()
        .filter_map(|case| check(case).err().map(|reason| format!("{}: {reason}", case["name"])))
        .collect();
    assert!(failed.is_empty(), "{} of {} cases fail:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

fn is_target(case: &Value) -> bool {
    case["host_lines"].is_null()
}

fn rules(case: &Value) -> Rules {
    let (told, usual) = (&case["rules"], Rules::default());
    let sameness = |name: &str, usual| match told[name].as_str() {
        Some("same") => Sameness::Same,
        Some("distinct") => Sameness::Distinct,
        None => usual,
        other => panic!("{other:?} is no sameness"),
    };
    Rules {
        coded_slashes: if told["coded_slashes"] == "keep" { CodedSlashes::Keep } else { usual.coded_slashes },
        params: match told["params"].as_str() {
            Some("keep") => Params::Keep,
            Some("refuse") => Params::Refuse,
            _ => usual.params,
        },
        trailing_slash: sameness("trailing_slash", usual.trailing_slash),
        case: sameness("case", usual.case),
        longest: told["longest"].as_u64().map_or(usual.longest, |bytes| bytes as usize),
    }
}

fn raw(case: &Value) -> Vec<u8> {
    match case["target_hex"].as_str() {
        Some(hex) => {
            let digits = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
            hex.as_bytes().chunks(2).map(digits).collect()
        }
        None => case["target"].as_str().expect("a target").as_bytes().to_vec(),
    }
}

/// What is wrong, by the name of the enum's variant in snake case.
fn name(fault: &Fault) -> String {
    let variant = format!("{:?}", fault.wrong());
    let variant = variant.split([' ', '{']).next().unwrap_or_default();
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} is {found:?}, expected {expected:?}")) }
}

/// The target and its host, as the gateway reads them one after the other.
fn read<'a>(raw: &'a [u8], rules: &Rules) -> Result<Target<'a>, Fault> {
    let target = Target::of(raw, rules)?;
    let fallback = HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("api.example"))]);
    let none = HeaderMap::new();
    Host::of(target.authority(), if target.authority().is_some() { &none } else { &fallback })?;
    Ok(target)
}

#[test]
fn every_spelling_comes_to_what_the_table_says() {
    run(250, is_target, |case| {
        let (raw, rules, expect) = (raw(case), rules(case), &case["expect"]);
        match (read(&raw, &rules), expect["refused"].as_str()) {
            (Ok(target), None) => {
                same("the path", target.path(), expect["path"].as_str().unwrap_or_default())?;
                let forward = expect["forward"].as_str().unwrap_or(target.path_and_query());
                same("what is forwarded", target.path_and_query(), forward)?;
                let again = Target::of(forward.as_bytes(), &rules).map_err(|fault| fault.to_string())?;
                same("the path of what is forwarded", again.path(), target.path())?;
                same("what that forwards", again.path_and_query(), forward)?;
                same("what needs no change", again.is_as_sent(), true).or_else(|reason| {
                    // Codes are looked at each time, though nothing comes of it.
                    if forward.contains(['%', ';']) { Ok(()) } else { Err(reason) }
                })
            }
            (Err(fault), Some(refused)) => {
                same("what is wrong", name(&fault).as_str(), refused)?;
                let is_told = fault.to_string().len() > 20 && fault.status().is_client_error();
                same("whether it is told", is_told, true)
            }
            (Ok(target), Some(refused)) => {
                Err(format!("taken for {}, not refused: {refused}", target.path()))
            }
            (Err(fault), None) => Err(format!("refused: {fault}")),
        }
    });
}

#[test]
fn no_spelling_gets_round_a_limit_on_its_path() {
    run(
        150,
        |case| is_target(case) && case["expect"]["refused"].is_null(),
        |case| {
            let (raw, rules) = (raw(case), rules(case));
            let target = Target::of(&raw, &rules).map_err(|fault| fault.to_string())?;
            let path = case["expect"]["path"].as_str().unwrap_or_default();
            if path == "*" {
                return Ok(());
            }
            // At the beginning of a segment, people who write `:` mean a place.
            let template = path.replace("/:", "/%3A");
            let limits = vec![limit("it", &template, &["ip"])];
            let policy = Policy { rules, limits, ..Policy::default() };
            let classifier = Classifier::compile(policy).map_err(|faults| faults[0].to_string())?;
            let headers =
                HeaderMap::from_iter([(http::header::HOST, HeaderValue::from_static("api.example"))]);
            let host = Host::of(None, &headers).map_err(|fault| fault.to_string())?;
            let request = Request {
                method: &Method::GET,
                target: &target,
                host: &host,
                headers: &headers,
                client: [192, 0, 2, 7].into(),
            };
            let charges = classifier.classify(&request, known()).map_err(|lack| lack.to_string())?;
            same("the number of limits", charges.len(), 1)
        },
    );
}

#[test]
fn what_is_forwarded_is_a_target_to_everybody() {
    run(
        150,
        |case| is_target(case) && case["expect"]["refused"].is_null(),
        |case| {
            let (raw, rules) = (raw(case), rules(case));
            let target = Target::of(&raw, &rules).map_err(|fault| fault.to_string())?;
            let read = PathAndQuery::try_from(target.path_and_query());
            let read = read.map_err(|error| format!("{}: {error}", target.path_and_query()))?;
            same("what HTTP reads", read.as_str(), target.path_and_query())
        },
    );
}

#[test]
fn every_host_comes_to_what_the_table_says() {
    run(
        50,
        |case| !is_target(case),
        |case| {
            let mut headers = HeaderMap::new();
            for line in case["host_lines"].as_array().expect("an array of lines") {
                let line = HeaderValue::from_bytes(line.as_str().expect("a line").as_bytes());
                headers.append(http::header::HOST, line.map_err(|error| error.to_string())?);
            }
            let expect = &case["expect"];
            match (Host::of(case["authority"].as_str(), &headers), expect["refused"].as_str()) {
                (Ok(host), None) => {
                    same("the host", host.name(), expect["host"].as_str().unwrap_or_default())?;
                    let port = expect["port"].as_u64().map(|port| port as u16);
                    same("the port", host.port(), port)?;
                    let written = host.to_string();
                    let again = Host::read(written.as_bytes()).map_err(|fault| fault.to_string())?;
                    same("the host as forwarded", again, host)
                }
                (Err(fault), Some(refused)) => same("what is wrong", name(&fault).as_str(), refused),
                (Ok(host), Some(refused)) => Err(format!("taken for {host}, not refused: {refused}")),
                (Err(fault), None) => Err(format!("refused: {fault}")),
            }
        },
    );
}

#[test]
fn a_target_that_the_http_crate_read_is_the_same() {
    run(
        100,
        |case| is_target(case) && case["rules"].is_null(),
        |case| {
            let raw = raw(case);
            // That crate drops fragments, and takes authorities for targets.
            let odd = raw.contains(&b'#') || raw.first() != Some(&b'/');
            let Ok(uri) = http::Uri::from_maybe_shared(raw.clone()) else { return Ok(()) };
            let (rules, by_uri) = (Rules::default(), Target::of_uri(&uri, &Rules::default()));
            if odd { Ok(()) } else { same("the target by URI", by_uri, Target::of(&raw, &rules)) }
        },
    );
}

#[test]
fn a_uri_of_another_scheme_is_no_target() {
    let read = |uri: &'static str| {
        let uri = http::Uri::from_static(uri);
        Target::of_uri(&uri, &Rules::default()).map(|target| target.path().to_owned()).ok()
    };
    assert_eq!(read("HTTP://api.example/v1/rooms").as_deref(), Some("/v1/rooms"));
    assert_eq!(read("https://api.example/v1/rooms").as_deref(), Some("/v1/rooms"));
    assert_eq!(read("ftp://api.example/v1/rooms"), None);
}
