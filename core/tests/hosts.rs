//! What hosts of other languages read and write: drafts, answers, leases, numbers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use dermawan::Number;
use dermawan::outbox::{Draft, Memory, Next, Options, Outbox, Priority, Resend, Stage, Worker};
use dermawan::transport::{Accepted, Answer, Pause, SendError};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::time::Duration;

fn draft(more: &Value) -> Result<Draft, serde_json::Error> {
    let mut draft = json!({"key": "k", "lane": "fonnte", "to": "0812-3456-7890", "text": "Halo"});
    draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(draft)
}

#[test]
fn what_a_draft_leaves_out_follows_from_its_priority() {
    let to = || Number::parse("081234567890").unwrap();
    assert_eq!(draft(&json!({"priority": "reply"})).unwrap(), Draft::reply("k", "fonnte", to(), "Halo"));
    let batch = Draft::batch("k", "fonnte", "laporan:2026-08", to(), "Halo");
    assert_eq!(draft(&json!({"batch": "laporan:2026-08"})).unwrap(), batch);
    let care = Draft::single("k", "fonnte", Priority::Care, "care", to(), "Halo");
    assert_eq!(draft(&json!({"priority": "care"})).unwrap(), care);
    let own = draft(&json!({"priority": "reply", "resend": "never", "any_hour": false, "kind": "jawab"})).unwrap();
    assert_eq!((own.resend, own.any_hour, own.solicited, own.kind.as_str()), (Resend::Never, false, true, "jawab"));
    for wrong in [json!({"to": "0812"}), json!({"colour": 1}), json!({"priority": "urgent"})] {
        assert!(draft(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn answers_go_there_and_back() {
    let why = || "why".to_owned();
    for answer in [
        Ok(Accepted { id: Some("7".into()), quota: Some(3) }),
        Err(SendError::Retry { after: Duration::from_millis(1500), reason: why() }),
        Err(SendError::Pause(Pause::Device, why())),
        Err(SendError::Pause(Pause::Quota, why())),
        Err(SendError::Pause(Pause::Spam, why())),
        Err(SendError::Stop(why())),
        Err(SendError::Recipient(why())),
        Err(SendError::Content(why())),
        Err(SendError::Unknown(why())),
    ] {
        let text = serde_json::to_string(&Answer::from(answer.clone())).unwrap();
        let back: Result<Accepted, SendError> = serde_json::from_str::<Answer>(&text).unwrap().try_into().unwrap();
        assert_eq!(back, answer);
    }
    for wrong in [json!({"outcome": "lost"}), json!({"outcome": "retry", "after": -1.0}), json!({})] {
        let answer: Answer = serde_json::from_value(wrong).unwrap();
        assert_eq!(Result::<Accepted, SendError>::try_from(answer).err().unwrap().code(), "invalid_input");
    }
}

#[test]
fn a_lease_survives_being_written() {
    let (outbox, now) = (Memory::default(), "2026-09-01T03:00:00Z".parse().unwrap());
    outbox.put(&mut [draft(&json!({})).unwrap()].into_iter(), now).unwrap();
    let worker = Worker::new("fonnte", "host", Options::default(), TimeZone::get("Asia/Jakarta").unwrap()).unwrap();
    let Next::Message(leased) = worker.lease(&outbox, now, u64::MAX).unwrap() else { panic!("nothing to lease") };
    let written = serde_json::to_value(&leased).unwrap();
    assert_eq!(written["ticket"]["token"], json!(leased.ticket.token.to_string()));
    let back = serde_json::from_value(written).unwrap();
    assert_eq!(*leased, back);
    assert!(outbox.mark_sending(&back.ticket, now).unwrap());
    let refused = Err(SendError::Recipient("target invalid".into()));
    assert_eq!(worker.settle(&outbox, &back, &refused, now, 1).unwrap(), Stage::Dead);
}

#[test]
fn lists_mask_numbers_and_errors_do_not_repeat_them() {
    let (outbox, now) = (Memory::default(), "2026-09-01T03:00:00Z".parse().unwrap());
    outbox.put(&mut [draft(&json!({})).unwrap()].into_iter(), now).unwrap();
    let listed = serde_json::to_string(&outbox.find("k").unwrap()).unwrap();
    assert!(listed.contains("62812****90") && !listed.contains("6281234567890"), "{listed}");
    let error = serde_json::from_value::<Number>(json!("0857999x")).unwrap_err().to_string();
    assert!(!error.contains("999"), "{error}");
}
