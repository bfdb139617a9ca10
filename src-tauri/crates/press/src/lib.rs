//! The postmortem and the handoff as PDF.
