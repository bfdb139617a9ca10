//! The note for the next shift.
