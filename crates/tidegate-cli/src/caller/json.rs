//! JSON without the blanks between its values, part by part. Never here: what it means.

/// Copies JSON that comes in parts; its values keep their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Compact {
    quoted: bool,
    escaped: bool,
}

impl Compact {
    /// Copies a part without the blanks between values.
    pub(crate) fn feed(&mut self, part: &[u8], into: &mut Vec<u8>) {
        for &byte in part {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.quoted,
                b'"' => self.quoted = !self.quoted,
                b' ' | b'\t' | b'\r' | b'\n' if !self.quoted => continue,
                _ => {}
            }
            into.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wherever_the_parts_are_cut_the_whole_is_the_same() {
        let json = br#"{"a b" : [1, "\\", " \" "], "c":2 }"#;
        for cut in 0..=json.len() {
            let (mut compact, mut into) = (Compact::default(), Vec::new());
            compact.feed(&json[..cut], &mut into);
            compact.feed(&json[cut..], &mut into);
            assert_eq!(into, br#"{"a b":[1,"\\"," \" "],"c":2}"#);
        }
    }
}
