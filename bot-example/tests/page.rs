//! `dermawan-bot page`: what it refuses to start without. The page itself is tested in a browser, in `browser/`.

#![allow(clippy::disallowed_methods, reason = "tests meet folders")]

mod support;

use support::{fail, program, text};

#[test]
fn without_a_password_nothing_is_served() {
    let folder = std::env::temp_dir();
    for token in [None, Some(""), Some("pendek-sekali")] {
        let mut command = program(&folder);
        command.env_remove("DERMAWAN_ADMIN_TOKEN").args(["page", "--sample", "--listen", "127.0.0.1:0"]);
        if let Some(token) = token {
            command.env("DERMAWAN_ADMIN_TOKEN", token);
        }
        let output = fail(&mut command);
        let said = text(&output.stderr);
        assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
        assert!(said.starts_with("error: configuration\n") && said.contains("DERMAWAN_ADMIN_TOKEN"), "{said}");
        assert!(!said.contains("pendek"), "{said}");
    }
}
