//! Words for a shell, in commands that a user is to copy.

/// A word that a POSIX shell hands on as it is: in single quotes where it needs them.
///
/// A path that begins with a dash would be read as a flag; it begins with `./` then.
///
/// ```
/// use implicit_bias_output::shell_word;
/// assert_eq!(shell_word("runs/night"), "runs/night");
/// assert_eq!(shell_word("my run"), "'my run'");
/// assert_eq!(shell_word("it's"), r"'it'\''s'");
/// assert_eq!(shell_word("-x"), "./-x");
/// ```
pub fn shell_word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./@%+=:,".contains(&byte);
    let text = match text.starts_with('-') {
        true => format!("./{text}"),
        false => text.to_owned(),
    };
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_hands_every_word_on_as_it_is() {
        let words = [
            "a", "", " ", "a b'c", "$HOME", "`id`", "a;b", "*", "~", "#x", "a\nb", "\\", "\"",
            "!x", "é", "a(b)", "x=y", "{a,b}", "a&", "<", "''",
        ];
        for word in words {
            let script = format!("printf '%s' {}", shell_word(word));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }
}
