//! Fetches small data sets from a server on the loopback interface that behaves and misbehaves.

mod cifar10;
mod hostile;
mod mirrors;
mod mnist;
mod places;
mod sample;
mod server;
mod transfers;
