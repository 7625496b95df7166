//! Any spelling that is made from a path by rewriting it comes to the same path. Laws, over drawn paths.

use proptest::collection::vec;
use proptest::prelude::*;
use tidegate::path::{CodedSlashes, Params, Rules, Sameness, Target};

/// One way to write a character, or one thing to put before a segment, that changes no path.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    SmallCode,
    CapitalCode,
    MixedCode,
}

#[derive(Clone, Debug)]
enum Detour {
    None,
    Slash,
    Dot,
    CodedDot,
    ThereAndBack(&'static str, &'static str),
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![
        6 => Just(Way::Plain),
        1 => Just(Way::SmallCode),
        1 => Just(Way::CapitalCode),
        1 => Just(Way::MixedCode),
    ]
}

fn detours() -> impl Strategy<Value = Detour> {
    prop_oneof![
        4 => Just(Detour::None),
        1 => Just(Detour::Slash),
        1 => Just(Detour::Dot),
        1 => Just(Detour::CodedDot),
        2 => (
            prop_oneof![Just("x"), Just("..."), Just("%2e%2e%2e"), Just("é"), Just("a;b=c")],
            prop_oneof![Just(".."), Just("%2e%2E"), Just(".%2e"), Just("%2E.")],
        )
            .prop_map(|(there, back)| Detour::ThereAndBack(there, back)),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    (any::<[bool; 3]>(), 0..2_u8).prop_map(|([keep, distinct, same], params)| Rules {
        coded_slashes: if keep { CodedSlashes::Keep } else { CodedSlashes::Refuse },
        params: if params == 0 { Params::Strip } else { Params::Keep },
        trailing_slash: if distinct { Sameness::Distinct } else { Sameness::Same },
        case: if same { Sameness::Same } else { Sameness::Distinct },
        ..Rules::default()
    })
}

/// Segments of characters that any spelling is the same of: no `;`, no `%`, no slash, not all dots.
fn segments() -> impl Strategy<Value = Vec<String>> {
    let name = "[a-zA-Z0-9._~!$&'()*+,=:@éß漢 \"<>^`{|}\\[\\]-]{1,8}";
    let name = name.prop_filter("no dot segment", |name: &String| name != "." && name != "..");
    vec(name, 0..5)
}

fn write(character: char, way: Way, out: &mut Vec<u8>) {
    let mut bytes = [0; 4];
    // A raw space ends a request line.
    let way = if character == ' ' && matches!(way, Way::Plain) { Way::CapitalCode } else { way };
    for &byte in character.encode_utf8(&mut bytes).as_bytes() {
        match way {
            Way::Plain => out.push(byte),
            Way::SmallCode => out.extend(format!("%{byte:02x}").into_bytes()),
            Way::CapitalCode => out.extend(format!("%{byte:02X}").into_bytes()),
            Way::MixedCode => {
                let code = format!("%{byte:02x}");
                out.extend(code[..2].to_ascii_uppercase().into_bytes());
                out.extend(code[2..].to_ascii_lowercase().into_bytes());
            }
        }
    }
}

fn write_detour(detour: &Detour, out: &mut Vec<u8>) {
    out.push(b'/');
    match detour {
        Detour::None => {}
        Detour::Slash => out.push(b'/'),
        Detour::Dot => out.extend(b"./"),
        Detour::CodedDot => out.extend(b"%2e/"),
        Detour::ThereAndBack(there, back) => out.extend(format!("{there}/{back}/").into_bytes()),
    }
}

proptest! {
    #[test]
    fn every_rewriting_of_a_path_is_that_path(
        segments in segments(),
        ways in vec(ways(), 40),
        detours in vec(detours(), 5),
        above in 0..3_usize,
        slash in any::<bool>(),
        rules in rules(),
    ) {
        let mut plain: String = segments.iter().map(|segment| format!("/{segment}")).collect();
        let mut rewritten = b"/..".repeat(above);
        let mut way = ways.iter().cycle();
        for (segment, detour) in segments.iter().zip(&detours) {
            write_detour(detour, &mut rewritten);
            segment.chars().for_each(|letter| write(letter, *way.next().unwrap(), &mut rewritten));
        }
        if slash || segments.is_empty() {
            plain.push('/');
            rewritten.extend(b"/./");
        }
        let plain = plain.replace(' ', "%20");
        let (plain, rewritten) = (Target::of(plain.as_bytes(), &rules), Target::of(&rewritten, &rules));
        let (plain, rewritten) = (plain.unwrap(), rewritten.unwrap());
        prop_assert_eq!(plain.path(), rewritten.path());
        let limit = segments.iter().fold(0, |sum, segment| sum + segment.len() * 3 + 1) + 1;
        prop_assert!(rewritten.path_and_query().len() <= limit);
    }

    #[test]
    fn any_bytes_are_a_normal_target_or_a_fault(
        raw in vec(prop_oneof![
            Just(b"/".to_vec()), Just(b".".to_vec()), Just(b"..".to_vec()), Just(b"%2e".to_vec()),
            Just(b"%2F".to_vec()), Just(b"%5c".to_vec()), Just(b";".to_vec()), Just(b"%3b".to_vec()),
            Just(b"%25".to_vec()), Just(b"?".to_vec()), Just(b"2e".to_vec()), Just(b"%c0%af".to_vec()),
            Just(b"a".to_vec()), Just(b"B".to_vec()), vec(any::<u8>(), 0..3),
        ], 0..12),
        rules in rules(),
    ) {
        let raw = [b"/".to_vec(), raw.concat()].concat();
        let Ok(target) = Target::of(&raw, &rules) else { return Ok(()) };
        let (path, forward) = (target.path(), target.path_and_query());
        prop_assert!(path.starts_with('/') && !path.contains("//"), "{}", path);
        prop_assert!(path.split('/').all(|segment| segment != "." && segment != ".."), "{}", path);
        prop_assert!(forward.len() <= raw.len() * 3 + 1);
        let again = Target::of(forward.as_bytes(), &rules).unwrap();
        prop_assert_eq!((again.path(), again.path_and_query()), (path, forward));
        // The path that limits see leads to itself, unless `;` was data in it that is now none.
        let seen = Target::of(path.as_bytes(), &rules).unwrap();
        prop_assert_eq!(seen.path(), path);
    }
}
