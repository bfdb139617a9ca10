//! Use cases and live state; owns every task.
