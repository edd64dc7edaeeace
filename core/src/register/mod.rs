//! Who may hear from us: verified numbers, consent, and those who asked to be left alone.
