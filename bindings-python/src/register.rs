//! Who may hear from us: numbers, consent, erasure, greetings.

use crate::door::{Day, Given, Moment, Said, answer, call, or_default};
use dermawan::register::{CareState, Consent, Key, MemoryRegister, Options, Processing, SqliteRegister};
use dermawan::{DonationId, DonorId, Number, ReceivedGift};
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

/// Remembers who may be written to: proved numbers, consent, opt-outs, erasures, greetings, thanks. Codes go through
/// `Analytics.converse`. A file may be open in several processes.
#[pyclass(frozen, module = "dermawan")]
pub(crate) struct Register(pub(crate) Arc<dyn dermawan::register::Register>);

#[pymethods]
impl Register {
    /// Opens or creates a register file. `key` is 32 bytes of secure randomness, used and kept when the file is new.
    #[staticmethod]
    #[pyo3(signature = (path, key, options: "dict | None"=None))]
    fn open(py: Python<'_>, path: PathBuf, key: Vec<u8>, options: Option<Given<Options>>) -> PyResult<Self> {
        let options = or_default(options);
        call(py, || Ok(Self(Arc::new(SqliteRegister::open(path, options, &Key::read(&key)?)?))))
    }

    /// A register that lasts as long as this object.
    #[staticmethod]
    #[pyo3(signature = (key, options: "dict | None"=None))]
    fn in_memory(py: Python<'_>, key: Vec<u8>, options: Option<Given<Options>>) -> PyResult<Self> {
        let options = or_default(options);
        call(py, || Ok(Self(Arc::new(MemoryRegister::new(options, Key::read(&key)?)?))))
    }

    /// What is known of a number: `verified`, `opted_out`, `erased`.
    #[pyo3(signature = (number) -> "dict")]
    fn standing<'py>(&self, py: Python<'py>, number: &str) -> Said<'py> {
        answer(py, || self.0.standing(&Number::parse(number)?))
    }

    /// The numbers proved to be a donor's.
    #[pyo3(signature = (donor) -> "list[dict]")]
    fn numbers<'py>(&self, py: Python<'py>, donor: u64) -> Said<'py> {
        answer(py, || self.0.numbers(DonorId(donor)))
    }

    /// All proved numbers.
    #[pyo3(signature = () -> "list[dict]")]
    fn everyone<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || self.0.everyone())
    }

    /// Notes a number as a donor's without a code: the administrator vouches for it.
    fn verify(&self, py: Python<'_>, number: &str, donor: u64, now: Moment) -> PyResult<()> {
        call(py, || self.0.verify(&Number::parse(number)?, DonorId(donor), now.0))
    }

    /// Notes consent or its withdrawal (`number`, `version`, `at`, `channel`, `given`); `text` is what was agreed to.
    #[pyo3(signature = (consent: "dict", text))]
    fn consent(&self, py: Python<'_>, consent: Given<Consent>, text: &str) -> PyResult<()> {
        call(py, || self.0.consent(&consent.0, text))
    }

    /// The notes of consent of a number, the oldest first.
    #[pyo3(signature = (number) -> "list[dict]")]
    fn consents<'py>(&self, py: Python<'py>, number: &str) -> Said<'py> {
        answer(py, || self.0.consents(&Number::parse(number)?))
    }

    /// The text of a version of the consent.
    fn consent_text(&self, py: Python<'_>, version: &str) -> PyResult<Option<String>> {
        call(py, || self.0.consent_text(version))
    }

    /// No more messages to a number, or with `out=False` messages again. Whether that changed anything.
    #[pyo3(signature = (number, now, out=true))]
    fn opt_out(&self, py: Python<'_>, number: &str, now: Moment, out: bool) -> PyResult<bool> {
        call(py, || self.0.opt_out(&Number::parse(number)?, out, now.0))
    }

    /// Notes a wish to be erased; one that is open already is returned in its place.
    #[pyo3(signature = (donor, number, now) -> "dict")]
    fn request_erasure<'py>(&self, py: Python<'py>, donor: u64, number: &str, now: Moment) -> Said<'py> {
        answer(py, || self.0.request_erasure(DonorId(donor), &Number::parse(number)?, now.0))
    }

    /// The donor means it. `None` when there is no wish of that number.
    #[pyo3(signature = (number, now) -> "dict | None")]
    fn confirm_erasure<'py>(&self, py: Python<'py>, number: &str, now: Moment) -> Said<'py> {
        answer(py, || self.0.confirm_erasure(&Number::parse(number)?, now.0))
    }

    /// Severs the identity of a confirmed wish, and of `named`, the donor's numbers in the charity's own tables. Returns the
    /// numbers, which are known nowhere afterwards; `Analytics.complete_erasure` knows those, and makes the last message.
    #[pyo3(signature = (erasure, now, named: "list[str]"=Vec::new()) -> "list[str]")]
    fn erase<'py>(&self, py: Python<'py>, erasure: u64, now: Moment, named: Vec<String>) -> Said<'py> {
        answer(py, || {
            let named = named.iter().map(|text| Number::parse(text)).collect::<dermawan::Result<Vec<_>>>()?;
            self.0.erase(erasure, &named, now.0)
        })
    }

    /// Of these donors, those that were erased and have proved no number since, ascending.
    #[pyo3(signature = (donors: "list[int]") -> "list[int]")]
    fn erased<'py>(&self, py: Python<'py>, donors: Given<Vec<DonorId>>) -> Said<'py> {
        answer(py, || self.0.erased(&donors.0))
    }

    /// All wishes to be erased, the oldest first.
    #[pyo3(signature = () -> "list[dict]")]
    fn erasures<'py>(&self, py: Python<'py>) -> Said<'py> {
        answer(py, || self.0.erasures())
    }

    /// Notes that somebody's data were used: `donor`, `purpose` (`report`, `thanks`, …), `at`.
    #[pyo3(signature = (processing: "dict"))]
    fn processed(&self, py: Python<'_>, processing: Given<Processing>) -> PyResult<()> {
        call(py, || self.0.processed(&processing.0))
    }

    /// What was done with a donor's data, the oldest first.
    #[pyo3(signature = (donor) -> "list[dict]")]
    fn processing<'py>(&self, py: Python<'py>, donor: u64) -> Said<'py> {
        answer(py, || self.0.processing(DonorId(donor)))
    }

    /// All greetings, the oldest first; or those that are `drafted`, `approved`, `rejected`, `sent` or `withdrawn`.
    #[pyo3(signature = (state: "str | None"=None) -> "list[dict]")]
    fn greetings<'py>(&self, py: Python<'py>, state: Option<Given<CareState>>) -> Said<'py> {
        answer(py, || self.0.greetings(state.map(|state| state.0)))
    }

    /// Moves greetings on: to `approved`, `rejected`, `sent` or `withdrawn`. Returns those that moved.
    #[pyo3(signature = (greetings, to: "str", now) -> "list[dict]")]
    fn settle<'py>(&self, py: Python<'py>, greetings: Vec<u64>, to: Given<CareState>, now: Moment) -> Said<'py> {
        answer(py, || self.0.settle(&greetings, to.0, now.0))
    }

    /// Of these gifts, those that nobody has been thanked for.
    #[pyo3(signature = (gifts: "list[int]") -> "list[int]")]
    fn unthanked<'py>(&self, py: Python<'py>, gifts: Given<Vec<DonationId>>) -> Said<'py> {
        answer(py, || self.0.unthanked(&gifts.0))
    }

    /// Notes that these gifts (`donation`, `donor`, `date`) were thanked for, for good.
    #[pyo3(signature = (gifts: "list[dict]", now))]
    fn thanked(&self, py: Python<'_>, gifts: Given<Vec<ReceivedGift>>, now: Moment) -> PyResult<()> {
        call(py, || self.0.thanked(&gifts.0, now.0))
    }

    /// The gifts of these donors from a day on that were thanked for.
    #[pyo3(signature = (donors: "list[int]", since) -> "list[dict]")]
    fn thanks<'py>(&self, py: Python<'py>, donors: Given<Vec<DonorId>>, since: Day) -> Said<'py> {
        answer(py, || self.0.thanks(&donors.0, since.0))
    }

    /// Forgets what need not be remembered; notes of processing before `before`. How many of those went.
    fn prune(&self, py: Python<'_>, before: Moment, now: Moment) -> PyResult<u64> {
        call(py, || self.0.prune(before.0, now.0))
    }
}
