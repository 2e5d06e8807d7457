//! A request goes out in one write: its head and its body, which would else be two.
//!
//! It saves a packet. And a server that will not have a client's certificate says so only after the
//! handshake, when the client writes: where there is no second write to fail (`Broken pipe`), its reason
//! is read.

use std::mem;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Puts [`OneWrite`] on top of a connection.
#[derive(Debug, Default)]
pub struct OneWriteConnector;

/// A connection that writes when it is read from.
#[derive(Debug)]
pub struct OneWrite<T> {
    connection: T,
    /// What is still to be written.
    pending: Vec<u8>,
}

impl<T: Transport> Connector<T> for OneWriteConnector {
    type Out = OneWrite<T>;

    fn connect(
        &self,
        _: &ConnectionDetails,
        chained: Option<T>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|connection| OneWrite { connection, pending: Vec::new() }))
    }
}

impl<T: Transport> OneWrite<T> {
    fn flush(&mut self, timeout: NextTimeout) -> Result<(), Error> {
        let pending = mem::take(&mut self.pending);
        let mut rest = &*pending;
        while !rest.is_empty() {
            let output = self.connection.buffers().output();
            let (now, later) = rest.split_at(rest.len().min(output.len()));
            output.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            self.connection.transmit_output(now.len(), timeout)?;
            rest = later;
        }
        Ok(())
    }
}

impl<T: Transport> Transport for OneWrite<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.connection.buffers()
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), Error> {
        let output = self.connection.buffers().output();
        self.pending.extend_from_slice(output.get(..amount).unwrap_or_default());
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.flush(timeout)?;
        self.connection.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.connection.is_open()
    }

    fn is_tls(&self) -> bool {
        self.connection.is_tls()
    }
}
