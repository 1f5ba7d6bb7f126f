//! The program as its users meet it: help, errors, files, JSON, and the commands of the README.

mod contract;
mod errors;
mod files;
mod help;
mod interruption;
mod limit;
mod readme;
mod support;
