//! A page that looks like a telephone: one types as a donor and sees the replies. Works without JavaScript; with it the
//! conversation moves by itself. Indonesian, since donors' messages are.

use super::gateway::pairs;
use super::hook;
use super::state::{Desk, Line};
use crate::page::is_own_page;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use dermawan::bot::Number;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::fmt::Write;
use std::sync::Arc;

/// Pak Budi's number of the made-up data.
const USUAL_NUMBER: &str = "6281234567890";
/// So many characters can be typed at once.
const LONGEST_TEXT: usize = 4_000;
/// A page without JavaScript looks for the reply so often, every two seconds.
const MOST_LOOKS: u8 = 60;
/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whose telephone it is.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    #[serde(default, rename = "as")]
    number: String,
    /// A message has just been sent: without JavaScript the page looks again by itself, so many times at most.
    #[serde(default)]
    looks: u8,
}

impl Whose {
    /// The sign by which a page without JavaScript looks again, until the bot has answered.
    fn again(&self, lines: &[Line], number: &str) -> String {
        let unanswered = lines.iter().rev().find(|line| line.number == number).is_some_and(|line| line.ours);
        match self.looks.min(MOST_LOOKS).checked_sub(1).filter(|_| unanswered) {
            None => String::new(),
            Some(left) => format!(
                "<noscript><meta http-equiv=\"refresh\" content=\"2;url=/?as={number}&amp;looks={left}\"></noscript>"
            ),
        }
    }
}

/// The number in the gateway's spelling; of what is no number, the usual one.
fn spelled(number: &str) -> String {
    Number::parse(number).map_or_else(|_| USUAL_NUMBER.to_owned(), |number| number.as_str().to_owned())
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// A text as WhatsApp shows it: `*bold*`, `_italic_` and `~strike~` where a mark opens at a word and closes on one line.
fn shown(text: &str) -> String {
    let line = |line: &str| {
        [('*', "strong"), ('_', "em"), ('~', "s")]
            .iter()
            .fold(escaped(line), |html, &(mark, tag)| marked(&html, mark, tag))
    };
    text.lines().map(line).collect::<Vec<_>>().join("<br>")
}

fn marked(html: &str, mark: char, tag: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let mut before = ' ';
    while let Some(at) = rest.find(mark) {
        let (head, tail) = rest.split_at(at);
        out.push_str(head);
        before = head.chars().next_back().unwrap_or(before);
        let inside = &tail[1..];
        let closes = inside.find(mark).filter(|&end| {
            let word = &inside[..end];
            let after = inside[end + 1..].chars().next().unwrap_or(' ');
            !before.is_alphanumeric()
                && !after.is_alphanumeric()
                && !word.is_empty()
                && !word.starts_with(' ')
                && !word.ends_with(' ')
                // A mark inside a tag that an earlier mark made is none.
                && word.matches('<').count() == word.matches('>').count()
        });
        if let Some(end) = closes {
            let _ = write!(out, "<{tag}>{}</{tag}>", &inside[..end]);
            rest = &inside[end + 1..];
        } else {
            out.push(mark);
            rest = inside;
        }
        before = mark;
    }
    out.push_str(rest);
    out
}

fn clock(at: i64) -> String {
    let zone = TimeZone::get("Asia/Jakarta").unwrap_or(TimeZone::UTC);
    Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |at| at.to_zoned(zone).strftime("%H:%M").to_string())
}

/// The conversation with one number, as a list.
fn conversation(lines: &[Line], number: &str) -> String {
    let mut html = String::new();
    for line in lines.iter().filter(|line| line.number == number) {
        let (class, who) = if line.ours { ("mine", "Anda") } else { ("theirs", "Bot") };
        let _ = write!(html, "<li class=\"{class}\"><span class=\"who\">{who}</span>");
        if let Some(picture) = line.picture {
            let _ = write!(html, "<img src=\"/phone/picture/{picture}\" alt=\"Gambar dari bot\">");
        }
        let _ = write!(html, "<p>{}</p><time>{}</time></li>", shown(&line.text), clock(line.at));
    }
    if html.is_empty() {
        html.push_str("<li class=\"nothing\">Belum ada pesan. Ketik misalnya <b>HALO</b> atau <b>INFO</b>.</li>");
    }
    html
}

fn guarded(body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A form's `Origin` would be `null` without any.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

/// `GET /`.
pub(super) async fn page(State(desk): State<Arc<Desk>>, Query(whose): Query<Whose>) -> Response {
    let number = spelled(&whose.number);
    let (list, again, connected) = {
        let state = desk.lock();
        (conversation(&state.lines, &number), whose.again(&state.lines, &number), state.settings.connected)
    };
    let state = if connected { "terhubung" } else { "terputus" };
    let hook = if desk.lock().webhook.is_some() {
        ""
    } else {
        "<p class=\"note\" role=\"status\">Tidak ada webhook: pesan tidak sampai ke bot. Jalankan dengan <code>--webhook</code>.</p>"
    };
    guarded(Html(format!(
        "<!DOCTYPE html>\n<html lang=\"id\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Telepon percobaan</title>\
         <link rel=\"stylesheet\" href=\"/phone/style.css\"><link rel=\"icon\" href=\"/phone/icon.svg\"><script src=\"/phone/script.js\" defer></script>{again}</head>\
         <body><main><header><h1>Telepon percobaan</h1><p>Gawai {device} <span id=\"state\">{state}</span></p>\
         <form method=\"get\" action=\"/\"><label for=\"as\">Saya menulis dari nomor</label>\
         <span class=\"row\"><input id=\"as\" name=\"as\" inputmode=\"tel\" autocomplete=\"off\" value=\"{number}\">\
         <button>Ganti</button></span></form>{hook}</header>\
         <ol id=\"chat\" data-number=\"{number}\" aria-label=\"Percakapan\" aria-live=\"polite\" tabindex=\"0\">{list}</ol>\
         <form id=\"say\" class=\"row\" method=\"post\" action=\"/phone/say\">\
         <input type=\"hidden\" name=\"as\" value=\"{number}\"><label class=\"unseen\" for=\"text\">Pesan</label>\
         <input id=\"text\" name=\"text\" maxlength=\"{LONGEST_TEXT}\" autocomplete=\"off\" placeholder=\"Ketik pesan\" required autofocus>\
         <button>Kirim</button></form>\
         <noscript><p class=\"note\"><a href=\"/?as={number}\">Muat ulang</a> untuk melihat balasan.</p></noscript>\
         </main></body></html>\n",
        device = escaped(&desk.options.device),
    )))
}

/// `GET /phone/chat`: the conversation alone, for the script.
pub(super) async fn chat(State(desk): State<Arc<Desk>>, Query(whose): Query<Whose>) -> Response {
    let number = spelled(&whose.number);
    let list = conversation(&desk.lock().lines, &number);
    guarded(Html(list))
}

/// `POST /phone/say`: what was typed goes to the webhook, and the browser back to the page.
pub(super) async fn say(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    // Another site's page may not speak for the person at this telephone.
    if !is_own_page(&headers) {
        return (StatusCode::FORBIDDEN, "from another site").into_response();
    }
    let form = pairs(&body);
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let number = spelled(field("as"));
    let text: String = field("text").chars().take(LONGEST_TEXT).collect();
    if text.trim().is_empty() {
        return Redirect::to(&format!("/?as={number}")).into_response();
    }
    let at = Timestamp::now().as_millisecond();
    desk.lock().said(Line { number: number.clone(), ours: true, text: text.clone(), at, picture: None });
    let body = hook::message(&desk, &number, &text, "Telepon percobaan", 0);
    hook::post(&desk, "message", body);
    Redirect::to(&format!("/?as={number}&looks={MOST_LOOKS}")).into_response()
}

/// `GET /phone/picture/{number}`.
pub(super) async fn picture(State(desk): State<Arc<Desk>>, Path(number): Path<u64>) -> Response {
    let state = desk.lock();
    match state.pictures.iter().find(|(id, _)| *id == number) {
        Some((_, file)) if file.media_type.starts_with("image/") => {
            let media_type = file.media_type.clone();
            guarded(([(header::CONTENT_TYPE, media_type)], file.content.clone()))
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /phone/style.css`.
pub(super) async fn style() -> Response {
    guarded(([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("phone.css")))
}

/// `GET /phone/icon.svg`.
pub(super) async fn icon() -> Response {
    guarded(([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("../page/templates/icon.svg")))
}

/// `GET /phone/script.js`.
pub(super) async fn script() -> Response {
    guarded(([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("phone.js")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shown_as_whatsapp_does() {
        assert_eq!(shown("Halo *Pak Budi*! _apa_ 2*3*4"), "Halo <strong>Pak Budi</strong>! <em>apa</em> 2*3*4");
        assert_eq!(shown("a\n*b\nc*"), "a<br>*b<br>c*");
        assert_eq!(shown("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
        assert_eq!(shown("*_x_*"), "<strong><em>x</em></strong>");
        assert_eq!(shown("*"), "*");
    }

    fn line(number: &str, text: &str) -> Line {
        Line { number: number.into(), ours: true, text: text.into(), at: 1_767_225_600_000, picture: None }
    }

    #[test]
    fn a_page_without_script_looks_until_the_bot_has_answered() {
        let again = |looks, lines: &[Line]| Whose { number: String::new(), looks }.again(lines, "628111111111");
        let (asked, others) = (line("628111111111", "INFO"), line("628222222222", "INFO"));
        let answered = Line { ours: false, ..line("628111111111", "Halo") };
        assert!(again(60, &[asked.clone(), others.clone()]).contains("looks=59\""));
        assert!(again(1, std::slice::from_ref(&asked)).contains("looks=0\""));
        for (looks, lines) in [(0, &[asked.clone()][..]), (9, &[asked.clone(), answered]), (9, &[others])] {
            assert_eq!(again(looks, lines), "", "{looks} looks");
        }
    }

    #[test]
    fn only_one_conversation_is_shown() {
        let html = conversation(&[line("628111111111", "satu"), line("628222222222", "dua")], "628111111111");
        assert!(html.contains("satu") && !html.contains("dua") && html.contains("07:00"));
    }
}
