//! The real program, started as the platform starts it, against the local SCF and COS over loopback.

mod batches;
mod burst;
mod changes;
mod collisions;
mod configured;
mod damage;
mod doctor;
mod faults;
mod heic;
mod instances;
mod keys;
mod platform;
mod rights;
mod sources;
