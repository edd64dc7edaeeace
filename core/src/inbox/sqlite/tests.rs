use super::*;

const NOW: i64 = 1_767_225_600_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(NOW + ms).unwrap()
}

fn message(key: &str, from: &str, windowed: bool) -> Event {
    Event::Message(Inbound {
        key: key.into(),
        windowed,
        sender: Sender::read(from),
        lid: None,
        device: None,
        text: "INFO".into(),
        name: "Budi".into(),
        written: None,
        id: None,
    })
}

fn keep(key: &str, ms: i64) -> Step {
    Step::Keep { event: message(key, "6281234567890", false), now: at(ms) }
}

#[test]
fn sixteen_deliveries_are_one_letter() {
    let mut inbox = Inbox::in_memory().unwrap();
    let steps: Vec<Step> = (0..16).map(|i| keep("a", i * 60_000)).collect();
    let kept = inbox.commit(&steps).unwrap();
    assert_eq!(kept.iter().filter(|kept| **kept == Kept::New).count(), 1);
    assert_eq!(inbox.backlog().unwrap(), 1);
    // also after it was answered
    let seq = inbox.pending(0, 9).unwrap()[0].seq;
    let settle = Step::Settle { seq, outcome: Outcome::Answered, session: None, now: at(1) };
    assert_eq!(inbox.commit(&[settle.clone(), settle]).unwrap(), [Kept::New, Kept::Known]);
    assert_eq!(inbox.commit(&[keep("a", 1)]).unwrap(), [Kept::Known]);
    assert_eq!(inbox.backlog().unwrap(), 0);
}

#[test]
fn a_windowed_key_tells_apart_within_its_window_only() {
    let mut inbox = Inbox::in_memory().unwrap();
    let mut put = |ms| {
        let event = message("w", "6281234567890", true);
        inbox.commit(&[Step::Keep { event, now: at(ms) }]).unwrap()[0]
    };
    assert_eq!(put(0), Kept::New);
    assert_eq!(put(WINDOW_MS), Kept::Known);
    assert_eq!(put(WINDOW_MS + 1), Kept::New);
    assert_eq!(put(-30_000), Kept::Known, "the clock was set back");
    let keys: Vec<String> = inbox.pending(0, 9).unwrap().into_iter().map(|letter| letter.key).collect();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0], keys[1], "each gets a reply of its own");
}

#[test]
fn what_needs_no_reply_is_not_kept() {
    let mut inbox = Inbox::in_memory().unwrap();
    for from in ["120363025246125486@g.us", "status@broadcast", "6281234567890@lid"] {
        let event = message("a", from, false);
        assert_eq!(inbox.commit(&[Step::Keep { event, now: at(0) }]).unwrap(), [Kept::Ignored]);
    }
    assert_eq!(inbox.backlog().unwrap(), 0);
}

#[test]
fn a_hidden_identity_is_kept_and_is_no_number() {
    let mut inbox = Inbox::in_memory().unwrap();
    let Event::Message(mut hidden) = message("a", "6281234567890@lid", false) else { panic!() };
    hidden.lid = Some("6281234567890@lid".into());
    let event = Event::Message(hidden);
    assert_eq!(inbox.commit(&[Step::Keep { event: event.clone(), now: at(0) }]).unwrap(), [Kept::New]);
    assert_eq!(inbox.commit(&[Step::Keep { event, now: at(60_000) }]).unwrap(), [Kept::Known]);
    let letter = inbox.pending(0, 9).unwrap().remove(0);
    assert_eq!(letter.from, None);
    let Event::Message(back) = &letter.event else { panic!() };
    assert_eq!(
        (&back.sender, back.lid.as_deref(), back.text.as_str()),
        (&Sender::Unknown, Some("6281234567890@lid"), "INFO")
    );
    let number = Number::parse("6281234567890").unwrap();
    assert_eq!(inbox.heard(&number).unwrap(), None, "the number of the same digits has not written");
    inbox.commit(&[Step::Settle { seq: letter.seq, outcome: Outcome::Silent, session: None, now: at(5) }]).unwrap();
    let kept: Option<String> = inbox.connection.query_row("SELECT lid FROM letter", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, None, "settled, it is not remembered");
}

#[test]
fn when_a_number_last_wrote_is_known_after_it_was_answered() {
    let mut inbox = Inbox::in_memory().unwrap();
    let number = Number::parse("6281234567890").unwrap();
    assert_eq!(inbox.heard(&number).unwrap(), None);
    let Event::Message(mut late) = message("b", number.as_str(), false) else { panic!() };
    late.written = Some(at(-9_000));
    let late = Step::Keep { event: Event::Message(late), now: at(9_000) };
    inbox
        .commit(&[
            keep("a", -8_000),
            late,
            Step::Settle { seq: 1, outcome: Outcome::Silent, session: None, now: at(0) },
        ])
        .unwrap();
    assert_eq!(inbox.heard(&number).unwrap(), Some(at(-8_000)), "what came late counts from when it was written");
}

#[test]
fn a_foreign_number_comes_back_as_it_was() {
    let mut inbox = Inbox::in_memory().unwrap();
    inbox.commit(&[Step::Keep { event: message("a", "819012345678", false), now: at(0) }]).unwrap();
    assert_eq!(inbox.pending(0, 1).unwrap()[0].from.as_ref().unwrap().as_str(), "819012345678");
}

#[test]
fn statuses_and_device_events_come_back() {
    let mut inbox = Inbox::in_memory().unwrap();
    let events = [
        Event::Status(StatusChange {
            id: Some("1".into()),
            state_id: Some("x".into()),
            state: State::Delivered,
            reason: None,
        }),
        Event::Status(StatusChange { id: None, state_id: Some("x".into()), state: State::Read, reason: None }),
        Event::Status(StatusChange {
            id: Some("2".into()),
            state_id: None,
            state: State::Failed,
            reason: Some("expired".into()),
        }),
        Event::Device(DeviceChange { connected: false, reason: "logged out".into() }),
        Event::Device(DeviceChange { connected: true, reason: String::new() }),
    ];
    let steps: Vec<Step> = events.iter().map(|event| Step::Keep { event: event.clone(), now: at(0) }).collect();
    assert_eq!(inbox.commit(&steps).unwrap(), [Kept::New; 5]);
    let back: Vec<Event> = inbox.pending(0, 9).unwrap().into_iter().map(|letter| letter.event).collect();
    assert_eq!(back, events);
    assert_eq!(inbox.commit(&steps[..2]).unwrap(), [Kept::Known; 2]);
}

#[test]
fn conversations_are_remembered_with_the_answer_and_forgotten() {
    let mut inbox = Inbox::in_memory().unwrap();
    let number = Number::parse("6281234567890").unwrap();
    inbox.commit(&[keep("a", 0)]).unwrap();
    assert_eq!(inbox.session(&number).unwrap(), Session::default());
    let session = Some((number.clone(), Session { hinted: true, ..Session::default() }));
    inbox.commit(&[Step::Settle { seq: 1, outcome: Outcome::Silent, session, now: at(5) }]).unwrap();
    assert!(inbox.session(&number).unwrap().hinted);
    let text: String = inbox.connection.query_row("SELECT body FROM letter", [], |row| row.get(0)).unwrap();
    assert_eq!(text, "", "a settled message keeps no text");
    assert_eq!(inbox.prune(at(5)).unwrap(), 0);
    assert!(inbox.session(&number).unwrap().hinted);
    inbox.commit(&[keep("b", 6)]).unwrap();
    assert_eq!(inbox.prune(at(6)).unwrap(), 1, "what is not answered stays");
    assert!(!inbox.session(&number).unwrap().hinted);
    assert_eq!(inbox.erase(&number).unwrap(), 1);
    assert_eq!(inbox.backlog().unwrap(), 0);
}

#[test]
fn a_file_is_there_again_and_is_read_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.sqlite");
    let mut writer = Inbox::open(&path).unwrap();
    let reader = Inbox::open(&path).unwrap();
    writer.commit(&[keep("a", 0), keep("b", 1)]).unwrap();
    assert_eq!(reader.pending(1, 9).unwrap().len(), 1, "behind the first");
    drop(writer);
    assert_eq!(Inbox::open(&path).unwrap().pending(0, 9).unwrap().len(), 2);
}
