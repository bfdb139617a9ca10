//! Broadstreet without a window: record, open, export, serve.
