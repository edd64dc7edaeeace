//! Who may hear from us: numbers, consent, erasure, greetings.

use crate::door::{Later, Making, Maybe, day, later, later_made, moment, raise, read, read_or_default};
use dermawan::register::{CareState, Consent, Key, MemoryRegister, Options, Processing, SqliteRegister};
use dermawan::{DonationId, DonorId, Number, ReceivedGift, Result};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Unknown};
use napi_derive::napi;
use serde::Serialize;
use std::sync::Arc;

type Core = dyn dermawan::register::Register;

/// Remembers who may be written to: proved numbers, consent, opt-outs, erasures, greetings, thanks. Codes go through
/// `Analytics.converse`. A file may be open in several processes.
#[napi]
pub(crate) struct Register(pub(crate) Arc<Core>);

impl Register {
    fn later<T: Serialize>(&self, work: impl FnOnce(&Core) -> Result<T> + Send + 'static) -> napi::Result<Later> {
        let register = self.0.clone();
        Ok(later(move || work(&*register)))
    }
}

#[napi]
impl Register {
    /// Opens or creates a register file. `key` is 32 bytes of secure randomness, used and kept when the file is new.
    #[napi(
        ts_args_type = "path: string, key: Uint8Array, options?: object | null",
        ts_return_type = "Promise<Register>"
    )]
    pub fn open(env: &Env, path: String, key: Uint8Array, options: Maybe<'_>) -> napi::Result<AsyncTask<Making<Self>>> {
        let (key, options): (_, Options) = (key.to_vec(), read_or_default(env, "options", options)?);
        Ok(later_made(move || Ok(Self(Arc::new(SqliteRegister::open(path, options, &Key::read(&key)?)?)))))
    }

    /// A register that lasts as long as this object.
    #[napi(ts_args_type = "key: Uint8Array, options?: object | null")]
    pub fn in_memory(env: &Env, key: Uint8Array, options: Maybe<'_>) -> napi::Result<Self> {
        let options: Options = read_or_default(env, "options", options)?;
        let register = Key::read(&key).and_then(|key| MemoryRegister::new(options, key));
        register.map(|register| Self(Arc::new(register))).map_err(|error| raise(env, &error))
    }

    /// What is known of a number: `verified`, `opted_out`, `erased`.
    #[napi(ts_return_type = "Promise<any>")]
    pub fn standing(&self, number: String) -> napi::Result<Later> {
        self.later(move |register| register.standing(&Number::parse(&number)?))
    }

    /// The numbers proved to be a donor's.
    #[napi(ts_args_type = "donor: number", ts_return_type = "Promise<any[]>")]
    pub fn numbers(&self, env: &Env, donor: Unknown<'_>) -> napi::Result<Later> {
        let donor: DonorId = read(env, "donor", donor)?;
        self.later(move |register| register.numbers(donor))
    }

    /// All proved numbers.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn everyone(&self) -> napi::Result<Later> {
        self.later(dermawan::register::Register::everyone)
    }

    /// Notes a number as a donor's without a code: the administrator vouches for it.
    #[napi(ts_args_type = "number: string, donor: number, now: Date | string", ts_return_type = "Promise<null>")]
    pub fn verify(&self, env: &Env, number: String, donor: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (donor, now): (DonorId, _) = (read(env, "donor", donor)?, moment(env, now)?);
        self.later(move |register| register.verify(&Number::parse(&number)?, donor, now))
    }

    /// Notes consent or its withdrawal (`number`, `version`, `at`, `channel`, `given`); `text` is what was agreed to.
    #[napi(ts_args_type = "consent: object, text: string", ts_return_type = "Promise<null>")]
    pub fn consent(&self, env: &Env, consent: Unknown<'_>, text: String) -> napi::Result<Later> {
        let consent: Consent = read(env, "consent", consent)?;
        self.later(move |register| register.consent(&consent, &text))
    }

    /// The notes of consent of a number, the oldest first.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn consents(&self, number: String) -> napi::Result<Later> {
        self.later(move |register| register.consents(&Number::parse(&number)?))
    }

    /// The text of a version of the consent.
    #[napi(ts_return_type = "Promise<string | null>")]
    pub fn consent_text(&self, version: String) -> napi::Result<Later> {
        self.later(move |register| register.consent_text(&version))
    }

    /// No more messages to a number, or with `out` false messages again. Whether that changed anything.
    #[napi(
        ts_args_type = "number: string, now: Date | string, out?: boolean | null",
        ts_return_type = "Promise<boolean>"
    )]
    pub fn opt_out(&self, env: &Env, number: String, now: Unknown<'_>, out: Option<bool>) -> napi::Result<Later> {
        let now = moment(env, now)?;
        self.later(move |register| register.opt_out(&Number::parse(&number)?, out.unwrap_or(true), now))
    }

    /// Notes a wish to be erased; one that is open already is returned in its place.
    #[napi(ts_args_type = "donor: number, number: string, now: Date | string", ts_return_type = "Promise<any>")]
    pub fn request_erasure(
        &self,
        env: &Env,
        donor: Unknown<'_>,
        number: String,
        now: Unknown<'_>,
    ) -> napi::Result<Later> {
        let (donor, now): (DonorId, _) = (read(env, "donor", donor)?, moment(env, now)?);
        self.later(move |register| register.request_erasure(donor, &Number::parse(&number)?, now))
    }

    /// The donor means it. `null` when there is no wish of that number.
    #[napi(ts_args_type = "number: string, now: Date | string", ts_return_type = "Promise<any>")]
    pub fn confirm_erasure(&self, env: &Env, number: String, now: Unknown<'_>) -> napi::Result<Later> {
        let now = moment(env, now)?;
        self.later(move |register| register.confirm_erasure(&Number::parse(&number)?, now))
    }

    /// Severs the identity of a confirmed wish, and of `named`, the donor's numbers in the charity's own tables. Resolves to
    /// the numbers, which are known nowhere afterwards; `Analytics.completeErasure` knows those, and makes the last message.
    #[napi(
        ts_args_type = "erasure: number, now: Date | string, named?: string[] | null",
        ts_return_type = "Promise<string[]>"
    )]
    pub fn erase(&self, env: &Env, erasure: Unknown<'_>, now: Unknown<'_>, named: Maybe<'_>) -> napi::Result<Later> {
        let (erasure, now): (u64, _) = (read(env, "erasure", erasure)?, moment(env, now)?);
        let named: Vec<String> = read_or_default(env, "named", named)?;
        self.later(move |register| {
            let named = named.iter().map(|text| Number::parse(text)).collect::<Result<Vec<_>>>()?;
            register.erase(erasure, &named, now)
        })
    }

    /// Of these donors, those that were erased and have proved no number since, ascending.
    #[napi(ts_args_type = "donors: number[]", ts_return_type = "Promise<number[]>")]
    pub fn erased(&self, env: &Env, donors: Unknown<'_>) -> napi::Result<Later> {
        let donors: Vec<DonorId> = read(env, "donors", donors)?;
        self.later(move |register| register.erased(&donors))
    }

    /// All wishes to be erased, the oldest first.
    #[napi(ts_return_type = "Promise<any[]>")]
    pub fn erasures(&self) -> napi::Result<Later> {
        self.later(dermawan::register::Register::erasures)
    }

    /// Notes that somebody's data were used: `donor`, `purpose` (`report`, `thanks`, …), `at`.
    #[napi(ts_args_type = "processing: object", ts_return_type = "Promise<null>")]
    pub fn processed(&self, env: &Env, processing: Unknown<'_>) -> napi::Result<Later> {
        let processing: Processing = read(env, "processing", processing)?;
        self.later(move |register| register.processed(&processing))
    }

    /// What was done with a donor's data, the oldest first.
    #[napi(ts_args_type = "donor: number", ts_return_type = "Promise<any[]>")]
    pub fn processing(&self, env: &Env, donor: Unknown<'_>) -> napi::Result<Later> {
        let donor: DonorId = read(env, "donor", donor)?;
        self.later(move |register| register.processing(donor))
    }

    /// All greetings, the oldest first; or those that are `drafted`, `approved`, `rejected`, `sent` or `withdrawn`.
    #[napi(ts_args_type = "state?: string | null", ts_return_type = "Promise<any[]>")]
    pub fn greetings(&self, env: &Env, state: Maybe<'_>) -> napi::Result<Later> {
        let state: Option<CareState> = read_or_default(env, "state", state)?;
        self.later(move |register| register.greetings(state))
    }

    /// Moves greetings on. Resolves to those that moved.
    #[napi(
        ts_args_type = "greetings: number[], to: 'approved' | 'rejected' | 'sent' | 'withdrawn', now: Date | string",
        ts_return_type = "Promise<any[]>"
    )]
    pub fn settle(&self, env: &Env, greetings: Unknown<'_>, to: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (greetings, to): (Vec<u64>, CareState) = (read(env, "greetings", greetings)?, read(env, "to", to)?);
        let now = moment(env, now)?;
        self.later(move |register| register.settle(&greetings, to, now))
    }

    /// Of these gifts, those that nobody has been thanked for.
    #[napi(ts_args_type = "gifts: number[]", ts_return_type = "Promise<number[]>")]
    pub fn unthanked(&self, env: &Env, gifts: Unknown<'_>) -> napi::Result<Later> {
        let gifts: Vec<DonationId> = read(env, "gifts", gifts)?;
        self.later(move |register| register.unthanked(&gifts))
    }

    /// Notes that these gifts (`donation`, `donor`, `date`) were thanked for, for good.
    #[napi(ts_args_type = "gifts: object[], now: Date | string", ts_return_type = "Promise<null>")]
    pub fn thanked(&self, env: &Env, gifts: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (gifts, now): (Vec<ReceivedGift>, _) = (read(env, "gifts", gifts)?, moment(env, now)?);
        self.later(move |register| register.thanked(&gifts, now))
    }

    /// The gifts of these donors from a day on that were thanked for.
    #[napi(ts_args_type = "donors: number[], since: string", ts_return_type = "Promise<any[]>")]
    pub fn thanks(&self, env: &Env, donors: Unknown<'_>, since: String) -> napi::Result<Later> {
        let donors: Vec<DonorId> = read(env, "donors", donors)?;
        self.later(move |register| register.thanks(&donors, day(&since)?))
    }

    /// Forgets what need not be remembered; notes of processing before `before`. How many of those went.
    #[napi(ts_args_type = "before: Date | string, now: Date | string", ts_return_type = "Promise<number>")]
    pub fn prune(&self, env: &Env, before: Unknown<'_>, now: Unknown<'_>) -> napi::Result<Later> {
        let (before, now) = (moment(env, before)?, moment(env, now)?);
        self.later(move |register| register.prune(before, now))
    }
}
