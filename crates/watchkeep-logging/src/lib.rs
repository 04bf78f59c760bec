//! Structured logging in one call: console, rotating text files, an errors-only file and ECS JSON.
