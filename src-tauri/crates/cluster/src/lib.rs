//! Kubernetes in and out: contexts, discovery, watches.
