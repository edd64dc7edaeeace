//! What an answer means: the table of error codes, without a network.

use super::super::Accepted;
use super::super::failure::{Pause, SendError};
use serde_json::Value;
use std::time::Duration;

/// Reads the answer to `/messages`: HTTP status and body. The platform says to go by the code of an error, not by its
/// words or the HTTP status; only where there is no code does the status decide.
///
/// Errors: what the answer means, without anything of the request in it.
pub fn read_answer(status: u16, body: &[u8]) -> Result<Accepted, SendError> {
    let answer: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if let Some(code) = answer["error"]["code"].as_u64() {
        return Err(refused(code, status));
    }
    let id = answer["messages"][0]["id"].as_str().filter(|id| !id.is_empty() && id.len() <= 300);
    match (status, id) {
        (200..=299, Some(id)) => Ok(Accepted { id: Some(id.to_owned()), quota: None }),
        (300..=399, _) => Err(SendError::Stop(format!("HTTP {status}: the platform's address sends us elsewhere"))),
        (401 | 403, _) => Err(SendError::Stop(format!("HTTP {status}: the platform refuses the token"))),
        (404 | 405 | 410, _) => Err(SendError::Stop(format!("HTTP {status}: this is not the platform's address"))),
        (413, _) => Err(SendError::Content("HTTP 413: the message is too large".into())),
        (429, _) => {
            Err(SendError::Retry { after: Duration::from_mins(1), reason: "HTTP 429: too many requests".into() })
        }
        _ => Err(SendError::Unknown(format!("HTTP {status} with an answer that says nothing"))),
    }
}

/// What an error code means.
pub(super) fn refused(code: u64, status: u16) -> SendError {
    let said = |words: &str| format!("{code}: {words}");
    let retry =
        |seconds: u64, words: &str| SendError::Retry { after: Duration::from_secs(seconds), reason: said(words) };
    match code {
        0 | 190 => SendError::Stop(said("the access token is invalid or has expired")),
        3 | 10 | 200..=299 | 131_005 => SendError::Stop(said("the access token lacks a permission")),
        33 | 133_010 | 131_045 => SendError::Stop(said("the business number is not registered")),
        131_031 => SendError::Stop(said("the account is locked")),
        368 => SendError::Pause(Pause::Spam, said("the account is blocked for a while")),
        131_048 => SendError::Pause(Pause::Spam, said("the spam limit is reached")),
        131_042 => SendError::Pause(Pause::Quota, said("the account's payment has a problem")),
        // By the hour, by the second, by recipient.
        4 | 80_007 => retry(600, "the app's or account's rate limit is reached"),
        130_429 => retry(30, "the throughput limit is reached"),
        131_056 => retry(60, "too many messages to one recipient"),
        131_049 => retry(86_400, "the recipient had enough such messages for now"),
        131_026 => SendError::Recipient(said("the message cannot reach this recipient")),
        131_021 => SendError::Recipient(said("the recipient is the sender")),
        131_030 => SendError::Recipient(said("the recipient is not among the test numbers")),
        130_472 | 131_050 => SendError::Recipient(said("the recipient does not take such messages")),
        130_497 => SendError::Recipient(said("the account may not write to this country")),
        131_047 => SendError::Content(said("24 hours have passed since the recipient wrote: a template is needed")),
        131_051 => SendError::Content(said("the kind of message is not supported")),
        131_052 | 131_053 => SendError::Content(said("the picture could not be used")),
        100 | 131_008 | 131_009 => SendError::Content(said("a parameter is missing or invalid")),
        132_000..=132_999 => {
            SendError::Content(said("the template does not exist, is paused or does not fit its values"))
        }
        1 | 2 | 131_000 | 131_016 => SendError::Unknown(said("the platform has a problem of its own")),
        _ if status >= 500 => SendError::Unknown(said("an error that is not known")),
        // An error is a refusal, but no rule says for whom it holds: long enough for a person to see it.
        _ => retry(300, "refused for a reason that is not known"),
    }
}
