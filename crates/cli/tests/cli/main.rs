//! The program as its users meet it: help, errors, files, JSON, and the commands of the README.

mod bytes;
mod cases;
mod classes;
mod components;
mod contract;
mod data;
mod errors;
mod faults;
mod fetch;
mod files;
mod goes_on;
mod help;
mod hostile;
mod interruption;
mod limit;
mod log_time;
mod nights;
mod paper;
mod readme;
mod regime;
mod resume;
mod support;
mod sweep;
mod sweep_nights;
mod two_layers;
