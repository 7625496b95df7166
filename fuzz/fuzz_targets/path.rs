//! Request targets: any bytes are a fault, or a target that is its own normal form, that hides no dots and no
//! slashes from a server that decodes it, and that HTTP can carry. The first byte chooses the rules.
#![no_main]

use http::uri::PathAndQuery;
use libfuzzer_sys::fuzz_target;
use tidegate::path::{CodedSlashes, Host, Params, Rules, Sameness, Target};

fn rules(choice: u8) -> Rules {
    let choice = choice.wrapping_sub(b'0');
    let sameness = |bit: u8| if choice & bit == 0 { Sameness::Same } else { Sameness::Distinct };
    Rules {
        coded_slashes: if choice & 1 == 0 { CodedSlashes::Refuse } else { CodedSlashes::Keep },
        params: match choice & 6 {
            0 => Params::Strip,
            2 => Params::Keep,
            _ => Params::Refuse,
        },
        trailing_slash: sameness(8),
        case: if choice & 16 == 0 { Sameness::Distinct } else { Sameness::Same },
        ..Rules::default()
    }
}

/// The path as a server sees it that decodes all codes once.
fn decoded(path: &str) -> Vec<u8> {
    let (bytes, mut plain, mut at) = (path.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = str::from_utf8(&bytes[at + 1..at + 3]).expect("a code has two digits");
            plain.push(u8::from_str_radix(digits, 16).expect("a code's digits are hexadecimal"));
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    plain
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, raw)) = data.split_first() else { return };
    let rules = rules(choice);
    let target = match Target::of(raw, &rules) {
        Ok(target) => target,
        Err(fault) => return assert!(fault.status().is_client_error() && fault.to_string().len() > 20),
    };
    let (path, forward) = (target.path(), target.path_and_query());
    assert!(forward.len() <= raw.len() * 3 + 1 && path.len() <= forward.len());
    let read = PathAndQuery::try_from(forward).expect("HTTP can carry it");
    assert_eq!(read.as_str(), forward);
    let again = Target::of(forward.as_bytes(), &rules).expect("what is forwarded is taken");
    assert_eq!((again.path(), again.path_and_query()), (path, forward), "it is its own normal form");
    if let Some(Ok(host)) = target.authority().map(|authority| Host::read(authority.as_bytes())) {
        assert_eq!(Host::read(host.to_string().as_bytes()), Ok(host.clone()), "a host is its own normal form");
    }
    if path == "*" {
        return;
    }
    for path in [path, read.path()] {
        let plain = decoded(path);
        assert!(std::str::from_utf8(&plain).is_ok() && !plain.iter().any(u8::is_ascii_control));
        let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
        if rules.coded_slashes == CodedSlashes::Refuse {
            assert!(!plain.contains(&b'\\'));
            assert_eq!(plain.iter().filter(|byte| is_slash(byte)).count(), path.matches('/').count());
        }
        for segment in plain.split(is_slash) {
            assert!(!matches!(segment, b"." | b".."), "{path} has dots once decoded");
            let name = segment.split(|&byte| byte == b';').next().unwrap_or_default();
            assert!(rules.params == Params::Keep || !matches!(name, b"." | b".."), "{path} hides dots");
        }
    }
});
