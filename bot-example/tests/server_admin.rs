//! What administrators ask for is ready before they ask, and guesses at their password are counted by who guesses, also
//! behind a proxy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "what helps a test may panic")]
#![allow(clippy::disallowed_methods, reason = "tests meet files, clock and environment")]

mod support;

use std::path::Path;
use support::server::{ADMIN, Gateway, QUIET, Server, configure};
use support::{program, succeed};

fn serve(folder: &Path, more: &str) -> (Gateway, Server) {
    let gateway = Gateway::start();
    let file = configure(folder, &gateway, QUIET);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[server]\n", &format!("[server]\n{more}"))).unwrap();
    succeed(program(folder).args(["etl", "--sample"]));
    let server = Server::start(folder);
    (gateway, server)
}

/// The status of a try at the way in.
fn attempt(server: &Server, password: &str, forwarded: &[&str]) -> u16 {
    let mut headers = vec![("Content-Type", "application/x-www-form-urlencoded")];
    headers.extend(forwarded.iter().map(|address| ("X-Forwarded-For", *address)));
    server.ask("POST", "/masuk", &headers, &format!("kata_sandi={password}")).0
}

#[test]
fn the_page_and_the_words_are_ready_before_anyone_asks() {
    let folder = tempfile::tempdir().unwrap();
    let (_gateway, server) = serve(folder.path(), "");
    let words = server.logged("the administrators' words are ready");
    let page = server.logged("the administrators' page is ready");
    assert_eq!((&words["run"], &page["run"]), (&1.into(), &1.into()), "{words} {page}");
    assert_eq!(server.stop().0, Some(0));
}

#[test]
fn guesses_are_counted_by_whom_a_trusted_proxy_names() {
    let folder = tempfile::tempdir().unwrap();
    let (_gateway, server) = serve(folder.path(), "trusted_proxies = [\"127.0.0.1\"]\n");
    for _ in 0..5 {
        assert_eq!(attempt(&server, "salah", &["198.51.100.1"]), 401);
    }
    assert_eq!(attempt(&server, "salah", &["198.51.100.1"]), 429);
    assert_eq!(
        attempt(&server, "salah", &["203.0.113.7, 198.51.100.1"]),
        429,
        "what the guesser wrote is not believed"
    );
    assert_eq!(attempt(&server, "salah", &["198.51.100.2"]), 401, "another person is not held back");
    assert_eq!(attempt(&server, ADMIN, &["198.51.100.2"]), 303);
    assert_eq!(attempt(&server, ADMIN, &[]), 303, "nor is who comes without the proxy");
}

#[test]
fn without_a_trusted_proxy_its_header_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (_gateway, server) = serve(folder.path(), "");
    for n in 0..5 {
        assert_eq!(attempt(&server, "salah", &[&format!("198.51.100.{n}")]), 401);
    }
    server.logged(
        "a proxy that is not in server.trusted_proxies asks for others: all who come through it count as one where wrong \
         passwords are counted",
    );
    // Behind such a proxy everybody is one address: a guesser goes on at full speed, and the administrator gets in.
    std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..2).map(|_| attempt(&server, "salah", &["198.51.100.99"])).collect::<Vec<_>>()))
            .collect();
        assert_eq!(attempt(&server, ADMIN, &["198.51.100.7"]), 303, "who knows the password is never shut out");
        for guess in guesses {
            assert_eq!(guess.join().unwrap(), [429, 429]);
        }
    });
}
