//! What every register must do, as checks that any register can be put through.
//!
//! [`check`] panics with the difference, so it belongs in tests.

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "the checks of a test suite")]

use super::{
    Begun, CareState, Claim, Claimant, Code, Confirmed, Consent, ErasureState, How, Lid, Options, Processing, Purpose,
    Register,
};
use crate::error::ErrorKind;
use crate::model::{DonationId, DonorId, Number, ReceivedGift};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

/// Puts a register through the contract. `make` gives a new, empty register with these options at each call.
pub fn check(make: &dyn Fn(Options) -> Box<dyn Register>) {
    a_code_proves_a_number(&*make(Options::default()));
    wrong_codes_end_it(&*make(Options::default()));
    codes_expire_and_are_rationed(&*make(Options::default()));
    strangers_do_not_use_up_the_owners_codes(&*make(Options::default()));
    other_numbers_and_hidden_identities(&*make(Options::default()));
    guessing_is_stopped(&*make(Options::default()));
    consent_can_be_proved(&*make(Options::default()));
    opting_out_holds(&*make(Options::default()));
    many_are_asked_for_at_once(&*make(Options::default()));
    erasure_severs(&*make(Options::default()));
    an_erased_number_may_come_back(&*make(Options::default()));
    greetings_wait_for_a_word(&*make(Options::default()));
    gifts_are_thanked_once(&*make(Options::default()));
    old_notes_are_pruned(&*make(Options::default()));
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 20_000) + SignedDuration::from_mins(minutes)
}

fn number(tail: u32) -> Number {
    Number::parse(&format!("62812345{tail:05}")).unwrap()
}

fn own(tail: u32, donor: u64) -> Claim {
    Claim { number: number(tail), donor: Some(DonorId(donor)), by: Claimant::Number(number(tail)) }
}

fn by(tail: u32) -> Claimant {
    Claimant::Number(number(tail))
}

fn lid() -> Lid {
    // The same digits as a number: they must not be taken for it.
    Lid::parse("6281234500001@lid").unwrap()
}

fn a_code_proves_a_number(register: &dyn Register) {
    assert_eq!(register.standing(&number(1)).unwrap(), super::Standing::default());
    assert_eq!(register.confirm(&by(1), &Code::of(1), at(0)).unwrap(), Confirmed::NoneOut);
    // The whole range of a donor's identity comes back.
    assert_eq!(register.begin(&own(1, u64::MAX), &Code::of(42), at(0)).unwrap(), Begun::Send);
    assert_eq!(register.confirm(&by(1), &Code::of(41), at(1)).unwrap(), Confirmed::Wrong { left: 4 });
    assert_eq!(register.confirm(&by(2), &Code::of(42), at(1)).unwrap(), Confirmed::NoneOut, "somebody else's code");
    assert_eq!(register.standing(&number(1)).unwrap().verified, None);
    let Confirmed::Yes(verified) = register.confirm(&by(1), &Code::of(42), at(2)).unwrap() else { panic!("refused") };
    assert_eq!((&verified.number, verified.donor, verified.how), (&number(1), DonorId(u64::MAX), How::Code));
    assert_eq!(verified.at, at(2));
    assert_eq!(register.standing(&number(1)).unwrap().verified, Some(verified.clone()));
    assert_eq!(register.numbers(DonorId(u64::MAX)).unwrap(), [verified]);
    assert_eq!(register.confirm(&by(1), &Code::of(42), at(2)).unwrap(), Confirmed::NoneOut, "a code counts once");
    register.verify(&number(1), DonorId(8), at(3)).unwrap();
    assert_eq!(register.numbers(DonorId(u64::MAX)).unwrap(), []);
    assert_eq!(register.numbers(DonorId(8)).unwrap()[0].how, How::Administrator);
}

fn wrong_codes_end_it(register: &dyn Register) {
    register.begin(&own(1, 7), &Code::of(42), at(0)).unwrap();
    for left in (0..5).rev() {
        assert_eq!(register.confirm(&by(1), &Code::of(7), at(0)).unwrap(), Confirmed::Wrong { left });
    }
    assert_eq!(register.confirm(&by(1), &Code::of(42), at(0)).unwrap(), Confirmed::Expired, "right, and too late");
    assert_eq!(register.standing(&number(1)).unwrap().verified, None);
    // A new code begins anew, and the old one is worth nothing.
    register.begin(&own(1, 7), &Code::of(43), at(1)).unwrap();
    assert_eq!(register.confirm(&by(1), &Code::of(42), at(1)).unwrap(), Confirmed::Wrong { left: 4 });
    assert!(matches!(register.confirm(&by(1), &Code::of(43), at(1)).unwrap(), Confirmed::Yes(_)));
}

fn codes_expire_and_are_rationed(register: &dyn Register) {
    for code in 0..3 {
        assert_eq!(register.begin(&own(1, 7), &Code::of(code), at(0)).unwrap(), Begun::Send);
    }
    assert_eq!(register.begin(&own(1, 7), &Code::of(3), at(9)).unwrap(), Begun::TooMany);
    assert_eq!(register.confirm(&by(1), &Code::of(3), at(9)).unwrap(), Confirmed::Wrong { left: 4 }, "never sent");
    assert_eq!(register.confirm(&by(1), &Code::of(2), at(10)).unwrap(), Confirmed::Expired, "ten minutes are over");
    assert_eq!(register.begin(&own(1, 7), &Code::of(4), at(24 * 60 - 1)).unwrap(), Begun::TooMany);
    assert_eq!(register.begin(&own(1, 7), &Code::of(4), at(24 * 60)).unwrap(), Begun::Send, "a day later");
    assert!(matches!(register.confirm(&by(1), &Code::of(4), at(24 * 60 + 9)).unwrap(), Confirmed::Yes(_)));
}

fn strangers_do_not_use_up_the_owners_codes(register: &dyn Register) {
    let claim = |stranger| Claim { by: by(stranger), ..own(1, 7) };
    for stranger in 50..53 {
        assert_eq!(register.begin(&claim(stranger), &Code::of(1), at(0)).unwrap(), Begun::Send);
    }
    assert_eq!(register.begin(&claim(53), &Code::of(1), at(0)).unwrap(), Begun::TooMany, "too many for one number");
    assert_eq!(register.begin(&own(1, 7), &Code::of(2), at(0)).unwrap(), Begun::Send);
    assert!(matches!(register.confirm(&by(1), &Code::of(2), at(0)).unwrap(), Confirmed::Yes(_)));
    for target in 2..5 {
        let claim = Claim { by: by(60), ..own(target, 7) };
        assert_eq!(register.begin(&claim, &Code::of(1), at(0)).unwrap(), Begun::Send);
    }
    assert_eq!(register.begin(&Claim { by: by(60), ..own(9, 7) }, &Code::of(1), at(0)).unwrap(), Begun::TooMany);
}

fn other_numbers_and_hidden_identities(register: &dyn Register) {
    register.begin(&Claim { by: by(2), ..own(1, 7) }, &Code::of(5), at(0)).unwrap();
    assert_eq!(register.confirm(&by(1), &Code::of(5), at(0)).unwrap(), Confirmed::NoneOut, "it is for who asked");
    let Confirmed::Yes(verified) = register.confirm(&by(2), &Code::of(5), at(0)).unwrap() else { panic!("refused") };
    assert_eq!((&verified.number, verified.how), (&number(2), How::OtherNumber));
    let numbers: Vec<Number> = register.numbers(DonorId(7)).unwrap().into_iter().map(|v| v.number).collect();
    assert_eq!(numbers, [number(1), number(2)], "several numbers a donor");
    assert_eq!(register.everyone().unwrap(), register.numbers(DonorId(7)).unwrap());

    let hidden = Claimant::Lid(lid());
    assert_eq!(register.number_of(&lid()).unwrap(), None);
    register.begin(&Claim { by: hidden.clone(), ..own(3, 9) }, &Code::of(6), at(0)).unwrap();
    assert_eq!(register.number_of(&lid()).unwrap(), None, "not before the proof");
    assert_eq!(register.confirm(&by(1), &Code::of(6), at(0)).unwrap(), Confirmed::NoneOut, "digits are no number");
    let Confirmed::Yes(verified) = register.confirm(&hidden, &Code::of(6), at(0)).unwrap() else { panic!("refused") };
    assert_eq!((&verified.number, verified.donor), (&number(3), DonorId(9)));
    assert_eq!(register.number_of(&lid()).unwrap(), Some(number(3)));
    assert_eq!(register.standing(&number(1)).unwrap().verified.unwrap().donor, DonorId(7), "another's digits");
}

/// A month of guessing, with a new code whenever one may be asked for.
fn guessing_is_stopped(register: &dyn Register) {
    let secret = Code::of(999_999);
    let (mut guesses, mut tried) = (0, 0);
    for minute in (0..30 * 24 * 60).step_by(30) {
        register.begin(&own(1, 7), &secret, at(minute)).unwrap();
        for _ in 0..8 {
            tried += 1;
            match register.confirm(&by(1), &Code::of(guesses), at(minute)).unwrap() {
                Confirmed::Wrong { .. } => guesses += 1,
                Confirmed::Expired => break,
                other => panic!("{other:?} after {guesses} guesses"),
            }
        }
    }
    assert!(tried > 1000 && guesses <= 30 * 15, "{guesses} guesses counted of {tried}");
}

fn consent_can_be_proved(register: &dyn Register) {
    let given = Consent { number: number(1), version: "1".into(), at: at(0), channel: "whatsapp".into(), given: true };
    let withdrawn = Consent { at: at(5), given: false, ..given.clone() };
    register.consent(&given, "Saya setuju.").unwrap();
    register.consent(&withdrawn, "Saya setuju.").unwrap();
    register.consent(&Consent { version: "2".into(), ..given.clone() }, "Saya setuju sekali.").unwrap();
    let error = register.consent(&given, "Something else.").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let kept = register.consents(&number(1)).unwrap();
    assert_eq!(kept[..2], [given, withdrawn]);
    assert_eq!(kept.len(), 3, "the refused one left nothing");
    assert_eq!(register.consent_text("1").unwrap().as_deref(), Some("Saya setuju."));
    assert_eq!(register.consent_text("3").unwrap(), None);
    assert_eq!(register.consents(&number(2)).unwrap(), []);
}

fn opting_out_holds(register: &dyn Register) {
    assert!(!register.opt_out(&number(1), false, at(0)).unwrap());
    assert!(register.opt_out(&number(1), true, at(1)).unwrap());
    assert!(!register.opt_out(&number(1), true, at(2)).unwrap());
    let of = |tail| register.standing(&number(tail)).map(|standing| (standing.opted_out, standing.opted_in)).unwrap();
    assert_eq!((of(1), of(2)), ((Some(at(2)), Some(at(0))), (None, None)));
    assert!(register.opt_out(&number(1), false, at(3)).unwrap());
    assert_eq!(of(1), (None, Some(at(3))));
    assert!(!register.opt_out(&number(1), false, at(2)).unwrap());
    assert_eq!(of(1), (None, Some(at(3))), "the last one");
}

/// One question about many says what a question about each does, few or many; and marks tell numbers apart.
fn many_are_asked_for_at_once(register: &dyn Register) {
    let donor = DonorId(1);
    for tail in 0..40 {
        register.verify(&number(tail), donor, at(0)).unwrap();
    }
    register.request_erasure(donor, &number(0), at(1)).unwrap();
    let wish = register.confirm_erasure(&number(0), at(1)).unwrap().unwrap();
    assert_eq!(register.erase(wish.id, &[], at(2)).unwrap().len(), 40);
    for tail in (0..150).step_by(3) {
        register.verify(&number(tail), DonorId(tail.into()), at(3)).unwrap();
    }
    for tail in (0..150).step_by(4) {
        register.opt_out(&number(tail), true, at(4)).unwrap();
        register.opt_out(&number(tail + 1), false, at(4)).unwrap();
    }
    let all: Vec<Number> = (0..200).rev().map(number).collect();
    let each: Vec<_> = all.iter().map(|number| register.standing(number).unwrap()).collect();
    assert_eq!(register.standings(&all).unwrap(), each);
    assert_eq!(register.standings(&all[120..130]).unwrap(), each[120..130]);
    assert_eq!(register.standings(&[]).unwrap(), []);
    let count = |is: fn(&super::Standing) -> bool| each.iter().filter(|standing| is(standing)).count();
    assert_eq!(count(|standing| standing.verified.is_some()), 50);
    assert_eq!(count(|standing| standing.opted_out.is_some()), 38);
    assert_eq!(count(|standing| standing.erased.is_some()), 26, "of 40, those that were not proved anew");
    let marks: std::collections::BTreeSet<String> = all.iter().map(|number| register.mark(number)).collect();
    assert_eq!(marks.len(), 200);
    assert_eq!(register.mark(&number(7)), register.mark(&number(7)));
    assert!(marks.iter().all(|mark| mark.len() == 16 && !mark.contains("62812345")));
}

fn erasure_severs(register: &dyn Register) {
    let donor = DonorId(7);
    register.verify(&number(1), donor, at(0)).unwrap();
    register.verify(&number(2), donor, at(0)).unwrap();
    register.verify(&number(3), DonorId(8), at(0)).unwrap();
    register.begin(&Claim { by: Claimant::Lid(lid()), ..own(1, 7) }, &Code::of(6), at(0)).unwrap();
    register.confirm(&Claimant::Lid(lid()), &Code::of(6), at(0)).unwrap();
    register.begin(&own(2, 7), &Code::of(6), at(0)).unwrap();
    for who in [7, 8] {
        register.processed(&Processing { donor: DonorId(who), purpose: Purpose::Access, at: at(0) }).unwrap();
    }
    register.draft(&[donor], at(0)).unwrap();
    register.opt_out(&number(1), true, at(0)).unwrap();
    let gift = ReceivedGift { donation: DonationId(3), donor, date: date(2026, 8, 1) };
    register.thanked(&[gift], at(0)).unwrap();

    assert_eq!(register.confirm_erasure(&number(1), at(0)).unwrap(), None, "nothing was asked for");
    let wish = register.request_erasure(donor, &number(1), at(1)).unwrap();
    assert_eq!((wish.state(), wish.donor), (ErasureState::Requested, Some(donor)));
    assert_eq!(register.request_erasure(donor, &number(1), at(2)).unwrap(), wish, "the same wish");
    assert_eq!(register.erase(wish.id, &[], at(2)).unwrap_err().kind(), ErrorKind::NotFound, "not confirmed");
    assert_eq!(register.severed_by(wish.id).unwrap_err().kind(), ErrorKind::NotFound, "not confirmed");
    assert_eq!(register.confirm_erasure(&number(3), at(3)).unwrap(), None, "somebody else's number");
    // Asked for again from another number of the donor, which may confirm it.
    assert_eq!(register.request_erasure(donor, &number(2), at(2)).unwrap(), wish);
    assert_eq!(register.confirm_erasure(&number(1), at(3)).unwrap(), None, "the last who asked");
    assert_eq!(register.request_erasure(donor, &number(1), at(3)).unwrap(), wish);
    let wish = register.confirm_erasure(&number(1), at(3)).unwrap().unwrap();
    assert_eq!((wish.state(), wish.confirmed), (ErasureState::Confirmed, Some(at(3))));
    assert_eq!(register.confirm_erasure(&number(1), at(4)).unwrap().unwrap().confirmed, Some(at(3)));
    assert_eq!(register.standing(&number(1)).unwrap().verified.unwrap().donor, donor, "still there until it is done");

    assert_eq!(register.severed_by(wish.id).unwrap(), [number(1), number(2)]);
    assert!(register.erased(&[donor]).unwrap().is_empty());
    // The charity's tables name one that was proved here, and one that was not.
    assert_eq!(register.erase(wish.id, &[number(2), number(4)], at(5)).unwrap(), [number(1), number(2), number(4)]);
    assert_eq!(register.severed_by(wish.id).unwrap_err().kind(), ErrorKind::NotFound, "known nowhere any more");
    assert_eq!(register.erased(&[DonorId(8), donor]).unwrap().into_iter().collect::<Vec<_>>(), [donor]);
    for tail in [1, 2, 4] {
        let standing = register.standing(&number(tail)).unwrap();
        assert_eq!((standing.verified, standing.erased), (None, Some(at(5))));
    }
    assert!(register.standing(&number(1)).unwrap().opted_out.is_some(), "who said stop is still not written to");
    assert_eq!(register.numbers(donor).unwrap(), []);
    assert_eq!(register.number_of(&lid()).unwrap(), None);
    assert_eq!(register.confirm(&by(2), &Code::of(6), at(5)).unwrap(), Confirmed::NoneOut);
    assert_eq!(register.processing(donor).unwrap(), []);
    assert_eq!(register.greetings(None).unwrap(), []);
    assert_eq!(register.thanks(&[donor], date(2026, 8, 1)).unwrap(), [], "whose it was is forgotten");
    assert_eq!(register.unthanked(&[DonationId(3)]).unwrap(), [], "that it was thanked for is not");
    let done = &register.erasures().unwrap()[0];
    assert_eq!((done.state(), done.donor, done.done), (ErasureState::Done, None, Some(at(5))));
    assert_eq!(register.erase(wish.id, &[], at(6)).unwrap_err().kind(), ErrorKind::NotFound, "once");
    // Others keep theirs.
    assert_eq!(register.standing(&number(3)).unwrap().verified.unwrap().donor, DonorId(8));
    assert_eq!(register.processing(DonorId(8)).unwrap().len(), 1);
}

fn an_erased_number_may_come_back(register: &dyn Register) {
    register.request_erasure(DonorId(7), &number(1), at(0)).unwrap();
    let wish = register.confirm_erasure(&number(1), at(0)).unwrap().unwrap();
    register.erase(wish.id, &[], at(1)).unwrap();
    assert_eq!(register.erased(&[DonorId(7)]).unwrap().len(), 1);
    register.verify(&number(5), DonorId(7), at(1)).unwrap();
    assert_eq!(register.erased(&[DonorId(7)]).unwrap().len(), 0, "the donor proved a number again");
    assert!(register.standing(&number(1)).unwrap().erased.is_some());
    register.begin(&own(1, 9), &Code::of(1), at(2)).unwrap();
    register.confirm(&by(1), &Code::of(1), at(2)).unwrap();
    let standing = register.standing(&number(1)).unwrap();
    assert_eq!((standing.erased, standing.verified.unwrap().donor), (None, DonorId(9)));
    let second = register.request_erasure(DonorId(9), &number(1), at(3)).unwrap();
    assert!(second.id > wish.id);
}

fn greetings_wait_for_a_word(register: &dyn Register) {
    let drafts = register.draft(&[DonorId(5), DonorId(6), DonorId(5)], at(0)).unwrap();
    assert_eq!(drafts.iter().map(|g| g.donor.0).collect::<Vec<_>>(), [5, 6], "one a donor");
    let (first, second) = (drafts[0].id, drafts[1].id);
    assert_eq!(register.settle(&[first], CareState::Sent, at(1)).unwrap(), [], "nobody approved it");
    let approved = register.settle(&[first, 999], CareState::Approved, at(1)).unwrap();
    assert_eq!((approved.len(), approved[0].id, approved[0].state), (1, first, CareState::Approved));
    assert_eq!((approved[0].drafted, approved[0].since), (at(0), at(1)));
    assert_eq!(register.settle(&[first, second], CareState::Rejected, at(2)).unwrap()[0].id, second);
    assert_eq!(register.settle(&[second], CareState::Approved, at(2)).unwrap(), [], "no stays no");
    assert_eq!(register.settle(&[first], CareState::Sent, at(3)).unwrap().len(), 1);
    assert_eq!(register.settle(&[first], CareState::Sent, at(3)).unwrap(), [], "once");
    assert_eq!(register.greetings(Some(CareState::Sent)).unwrap()[0].since, at(3));
    assert_eq!(register.greetings(None).unwrap().len(), 2);
    let drafts = register.draft(&[DonorId(7), DonorId(8)], at(3)).unwrap();
    let (third, fourth) = (drafts[0].id, drafts[1].id);
    register.settle(&[third], CareState::Approved, at(3)).unwrap();
    let withdrawn = register.settle(&[first, third, fourth], CareState::Withdrawn, at(4)).unwrap();
    assert_eq!(withdrawn.iter().map(|g| g.id).collect::<Vec<_>>(), [third, fourth], "what went out stays so");
    assert_eq!(register.greetings(Some(CareState::Withdrawn)).unwrap(), withdrawn);
    assert_eq!(register.draft(&[DonorId(5), DonorId(6)], at(179 * 24 * 60)).unwrap(), [], "half a year of peace");
    assert_eq!(register.draft(&[DonorId(5), DonorId(6)], at(180 * 24 * 60)).unwrap().len(), 2);
}

fn gifts_are_thanked_once(register: &dyn Register) {
    let gift = DonationId;
    assert_eq!(register.unthanked(&[gift(3), gift(1), gift(u64::MAX)]).unwrap().len(), 3);
    let of = |id, donor, day| ReceivedGift { donation: gift(id), donor: DonorId(donor), date: date(2026, 8, day) };
    register.thanked(&[of(9, 5, 3), of(1, 5, 4), of(u64::MAX, u64::MAX, 4)], at(0)).unwrap();
    register.thanked(&[of(1, 6, 9)], at(1)).unwrap();
    assert_eq!(register.thanks(&[DonorId(5), DonorId(6)], date(2026, 8, 3)).unwrap(), [of(1, 5, 4), of(9, 5, 3)]);
    assert_eq!(register.thanks(&[DonorId(5)], date(2026, 8, 4)).unwrap(), [of(1, 5, 4)]);
    assert_eq!(register.thanks(&[DonorId(u64::MAX)], date(2026, 8, 4)).unwrap(), [of(u64::MAX, u64::MAX, 4)]);
    assert_eq!(register.unthanked(&[gift(3), gift(1), gift(2), gift(u64::MAX)]).unwrap(), [gift(3), gift(2)]);
}

fn old_notes_are_pruned(register: &dyn Register) {
    for minute in [0, 10] {
        register.processed(&Processing { donor: DonorId(1), purpose: Purpose::Answer, at: at(minute) }).unwrap();
    }
    register.begin(&own(1, 7), &Code::of(1), at(0)).unwrap();
    assert_eq!(register.prune(at(5), at(2 * 24 * 60)).unwrap(), 1);
    assert_eq!(register.processing(DonorId(1)).unwrap()[0].at, at(10));
    assert_eq!(register.confirm(&by(1), &Code::of(1), at(1)).unwrap(), Confirmed::NoneOut);
}
