//! XChaCha20-Poly1305, and the keys it takes. Nonces of 24 bytes may be drawn at random for ever.

use std::fmt;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::StoreError;

/// In bytes.
pub(crate) const KEY_BYTES: usize = 32;
/// In bytes.
pub(crate) const NONCE_BYTES: usize = 24;
/// In bytes. What encryption adds.
pub(crate) const TAG_BYTES: usize = 16;

/// Where random bytes come from: the operating system, but in the tests of the formats.
pub(crate) type Random = fn(&mut [u8]) -> Result<(), StoreError>;

/// Random bytes of the operating system.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|_| StoreError::NoRandom)
}

/// A key; wiped when dropped.
#[derive(Clone)]
pub(crate) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    pub(crate) fn generate(random: Random) -> Result<Self, StoreError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        random(key.as_mut_slice())?;
        Ok(Self(key))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        (bytes.len() == KEY_BYTES).then(|| key.copy_from_slice(bytes))?;
        Some(Self(key))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Encrypts in place; `header` is authenticated with it. None only for more than 256 GiB.
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_BYTES],
        header: &[u8],
        bytes: &mut [u8],
    ) -> Option<[u8; TAG_BYTES]> {
        let cipher = XChaCha20Poly1305::new(self.as_bytes().into());
        let nonce = XNonce::from(*nonce);
        let sealed = cipher.encrypt_inout_detached(&nonce, header, bytes.into());
        sealed.ok().map(Into::into)
    }

    /// Decrypts what [`Key::seal`] made, tag last; none if key, header or bytes are others.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_BYTES],
        header: &[u8],
        sealed: &[u8],
    ) -> Option<Vec<u8>> {
        let (bytes, tag) = sealed.split_last_chunk::<TAG_BYTES>()?;
        let cipher = XChaCha20Poly1305::new(self.as_bytes().into());
        let mut bytes = bytes.to_vec();
        let opened = cipher.decrypt_inout_detached(
            &XNonce::from(*nonce),
            header,
            bytes.as_mut_slice().into(),
            &Tag::from(*tag),
        );
        opened.ok().map(|()| bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}
