//! Civil months against Hijri months: which part of Ramadan, of Shawwal's first week, of the days of Idul Adha and of
//! Muharram lies in which month of the books.

pub mod hijri;
mod season;

pub use season::spans;
