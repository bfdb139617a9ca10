//! Every other outside system over HTTP: alerts and pages.
