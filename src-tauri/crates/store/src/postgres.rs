//! PostgreSQL (placeholder until the next commit).
