//! What must survive: databases, recordings at rest, bundles.
