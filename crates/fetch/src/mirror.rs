use std::net::IpAddr;
use std::time::Duration;

use ureq::http::{StatusCode, Uri, header};
use ureq::{Agent, Body, Timeout};

use crate::error::FetchError;
use crate::options::Options;

/// A server that has the files of a data set in one folder.
pub(crate) struct Mirror {
    /// The folder, without a final slash.
    base: String,
    agent: Agent,
    stall_timeout: Duration,
}

/// What a server answers to the request for a file.
pub(crate) enum Answer {
    /// Its bytes, from `start` on.
    Bytes {
        /// 0, or the offset asked for.
        start: u64,
        /// The bytes of the whole file, where the server says so.
        total: Option<u64>,
        /// The bytes from `start` on.
        body: Body,
    },
    /// Nothing that continues what is there.
    NoRest,
}

impl Mirror {
    pub(crate) fn new(text: &str, options: &Options) -> Result<Self, FetchError> {
        let uri = parse(text.trim()).map_err(|found| FetchError::Mirror {
            mirror: text.to_owned(),
            expected: "the URL of a folder, such as https://example.org/mnist/",
            found,
        })?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A mirror asked for over TLS must not redirect to one without.
            .https_only(uri.scheme_str() == Some("https"))
            .user_agent(concat!("implicit-bias/", env!("CARGO_PKG_VERSION")))
            // The files are gzipped themselves; a range counts their bytes.
            .accept_encoding("identity")
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_per_read(Some(options.stall_timeout))
            .timeout_per_write(Some(options.stall_timeout))
            .timeout_recv_response(Some(options.stall_timeout))
            // Four requests gain nothing from kept connections, which may go stale in between.
            .max_idle_connections(0);
        // A proxy in the environment cannot reach this machine's own loopback.
        let config = if is_loopback(&uri) {
            config.proxy(None)
        } else {
            config
        };
        Ok(Self {
            base: text.trim().trim_end_matches('/').to_owned(),
            agent: config.build().new_agent(),
            stall_timeout: options.stall_timeout,
        })
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }

    /// Asks for the file `name`, from byte `offset` on.
    pub(crate) fn get(&self, name: &str, offset: u64) -> Result<Answer, FetchError> {
        let url = self.url(name);
        let mut request = self.agent.get(&url);
        if offset > 0 {
            request = request.header(header::RANGE, format!("bytes={offset}-"));
        }
        let response = request.call().map_err(|error| self.failure(name, error))?;
        let content_length = response.body().content_length();
        match response.status() {
            StatusCode::OK => Ok(Answer::Bytes {
                start: 0,
                total: content_length,
                body: response.into_body(),
            }),
            StatusCode::PARTIAL_CONTENT if offset > 0 => {
                let range = response.headers().get(header::CONTENT_RANGE);
                match range
                    .and_then(|value| value.to_str().ok())
                    .and_then(content_range)
                {
                    Some((start, total)) if start == offset => Ok(Answer::Bytes {
                        start,
                        total: total.or(content_length.map(|length| offset + length)),
                        body: response.into_body(),
                    }),
                    // Other bytes than those asked for are of no use.
                    _ => Ok(Answer::NoRest),
                }
            }
            StatusCode::RANGE_NOT_SATISFIABLE if offset > 0 => Ok(Answer::NoRest),
            status => Err(FetchError::Status {
                url,
                status: status.to_string(),
            }),
        }
    }

    /// The error for a request, or for the body of its answer, that failed.
    pub(crate) fn failure(&self, name: &str, error: ureq::Error) -> FetchError {
        let url = self.url(name);
        match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => FetchError::Request {
                url,
                source: Box::new(error),
            },
            ureq::Error::Timeout(_) => FetchError::Stalled {
                url,
                timeout: self.stall_timeout,
            },
            error => FetchError::Request {
                url,
                source: Box::new(error),
            },
        }
    }
}

/// The URL of a mirror, or what is wrong with it.
fn parse(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|error| format!("{error}"))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        Some(scheme) => return Err(format!("the scheme `{scheme}`, not http or https")),
        None => return Err("no http:// or https:// at its beginning".to_owned()),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err("no host".to_owned());
    }
    // The file names go behind it, and it appears in messages.
    if text.contains(['?', '#']) {
        return Err("a `?` or `#`".to_owned());
    }
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err("a user name or password".to_owned());
    }
    Ok(uri)
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The first byte of `bytes FIRST-LAST/TOTAL`, and the total unless it is `*`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value
        .trim()
        .strip_prefix("bytes ")?
        .trim()
        .split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let total: Option<u64> = match total {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    let consistent = first <= last && total.is_none_or(|total| last < total);
    consistent.then_some((first, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_and_checked() {
        assert_eq!(content_range("bytes 3-9/10"), Some((3, Some(10))));
        assert_eq!(content_range("bytes 3-9/*"), Some((3, None)));
        for wrong in [
            "",
            "3-9/10",
            "bytes */10",
            "bytes 9-3/10",
            "bytes 3-10/10",
            "bytes -9/10",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_mirror_is_the_url_of_a_folder() {
        let url = |text| Mirror::new(text, &Options::default()).map(|mirror| mirror.url("a.gz"));
        for base in [
            "http://127.0.0.1:8080/mnist",
            " http://127.0.0.1:8080/mnist// ",
        ] {
            assert_eq!(url(base).unwrap(), "http://127.0.0.1:8080/mnist/a.gz");
        }
        assert_eq!(url("https://localhost").unwrap(), "https://localhost/a.gz");
        for (wrong, found) in [
            ("", "empty"),
            ("127.0.0.1/mnist", ""),
            ("localhost", "no http://"),
            ("ftp://localhost/mnist", "`ftp`"),
            ("http://localhost/?q=", "`?`"),
            ("http://me:secret@localhost/", "password"),
        ] {
            let error = url(wrong).unwrap_err();
            assert!(matches!(error, FetchError::Mirror { .. }));
            assert!(error.to_string().contains(found), "{error}");
        }
    }

    #[test]
    fn loopback_is_known_by_name_and_address() {
        for (text, expected) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.9/", true),
            ("http://[::1]:1/", true),
            ("http://192.0.2.1/", false),
            ("http://localhost.example.org/", false),
        ] {
            assert_eq!(is_loopback(&text.parse().unwrap()), expected, "{text}");
        }
    }
}
