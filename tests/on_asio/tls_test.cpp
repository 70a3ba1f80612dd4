// SPDX-License-Identifier: MIT
// TLS over a stream: asio::ssl::stream on duet's, with a certificate made here. The two ends of a TLS connection, RFC 8446 section 6.1:
// closed by close_notify, or cut off without it, which must not look the same.
#include "skip.hpp"

#if !DUET_TEST_TLS

#include <doctest/doctest.h>
TEST_CASE("tls: all") { DUET_SKIP("OpenSSL's headers (libssl-dev) were not found"); }

#else

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/ssl.hpp>
#include <asio/write.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parked.hpp"

using namespace duet;
using namespace duet::test;

namespace {

using tls_stream = asio::ssl::stream<stream&>;

struct openssl_free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

/// With a key and a certificate that it signed itself, for as long as the test runs.
asio::ssl::context server_context() {
  asio::ssl::context made(asio::ssl::context::tls_server);
  const std::unique_ptr<EVP_PKEY, openssl_free> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, openssl_free> certificate(X509_new());
  REQUIRE(key);
  REQUIRE(certificate);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const auto* const host = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  REQUIRE(SSL_CTX_use_certificate(made.native_handle(), certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(made.native_handle(), key.get()) == 1);
  return made;
}

/// A client and a server that have shaken hands over TCP.
struct tls_pair {
  explicit tls_pair(world& w) : lower(connected(w)) {
    fate& connecting = w.expect();
    fate& accepting = w.expect();
    client.async_handshake(asio::ssl::stream_base::client, probe(connecting));
    server.async_handshake(asio::ssl::stream_base::server, probe(accepting));
    w.until(connecting);
    w.until(accepting);
    REQUIRE_FALSE(connecting.error);
    REQUIRE_FALSE(accepting.error);
  }

  static std::pair<stream, stream> connected(world& w) {
    listener door(w.context);
    door.listen(any_port());
    std::pair<stream, stream> both{stream(w.context), stream(w.context)};
    fate& connecting = w.expect();
    on_asio::async_connect(both.first, door.local_endpoint(), {}, probe(connecting));
    bool accepted = false;
    door.async_accept([&](std::error_code ec, stream it) {
      REQUIRE_FALSE(ec);
      both.second = std::move(it);
      accepted = true;
    });
    w.until([&] { return accepted && connecting.called > 0; });
    return both;
  }

  std::pair<stream, stream> lower;
  asio::ssl::context of_client{asio::ssl::context::tls_client};  // verifies nobody by default
  asio::ssl::context of_server = server_context();
  tls_stream client{lower.first, of_client};
  tls_stream server{lower.second, of_server};
};

}  // namespace

TEST_CASE("tls: bytes pass both ways") {
  world w;
  tls_pair tls(w);
  std::vector<char> out(300000);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i * 7 >> 2);
  std::vector<char> in(out.size());
  std::vector<char> back(out.size());
  fate& sent = w.expect();
  fate& arrived = w.expect();
  fate& answered = w.expect();
  fate& returned = w.expect();
  asio::async_write(tls.client, asio::buffer(out), probe(sent));
  asio::async_read(tls.server, asio::buffer(in), probe(arrived));
  w.until(arrived);
  w.until(sent);
  asio::async_write(tls.server, asio::buffer(in), probe(answered));
  asio::async_read(tls.client, asio::buffer(back), probe(returned));
  w.until(returned);
  w.until(answered);
  CHECK(back == out);
}

TEST_CASE("tls: a clean close is the end of the stream") {
  world w;
  tls_pair tls(w);
  std::string line;
  fate& sent = w.expect();
  fate& read = w.expect();
  asio::async_write(tls.client, asio::buffer("last line\n", 10), probe(sent));
  asio::async_read_until(tls.server, asio::dynamic_buffer(line), '\n', probe(read));
  w.until(read);
  CHECK(line == "last line\n");

  std::array<char, 8> to{};
  fate& closed = w.expect();
  fate& ended = w.expect();
  fate& answered = w.expect();
  tls.client.async_shutdown(probe(closed));
  tls.server.async_read_some(asio::buffer(to), probe(ended));
  w.until(ended);
  CHECK(ended.error == asio::error::eof);
  CHECK(ended.error == condition::end_of_stream);
  tls.server.async_shutdown(probe(answered));
  w.until(closed);
  w.until(answered);
  CHECK_FALSE(closed.error);
}

TEST_CASE("tls: a connection that is cut off is truncated and not the end of the stream") {
  world w;
  tls_pair tls(w);
  std::array<char, 8> to{};
  fate& ended = w.expect();
  tls.server.async_read_some(asio::buffer(to), probe(ended));
  w.context.poll();
  tls.lower.first.shutdown(shutdown_type::send);  // FIN without close_notify
  w.until(ended);
  CHECK(ended.error == asio::ssl::error::stream_truncated);
  CHECK(ended.error != asio::error::eof);
  CHECK_FALSE(ended.error == condition::end_of_stream);
}

TEST_CASE("tls: the lowest layer is reached for options and for cancelling") {
  world w;
  tls_pair tls(w);
  CHECK(&tls.client.lowest_layer() == &tls.lower.first.lowest_layer());
  CHECK(&tls.client.next_layer() == &tls.lower.first);
  CHECK(tls.client.get_executor() == w.context.get_executor());
  std::array<char, 8> to{};
  fate& read = w.expect();
  tls.server.async_read_some(asio::buffer(to), probe(read));
  w.context.poll();
  tls.server.next_layer().cancel(wait_type::read);
  w.until(read);
  CHECK(read.error == condition::operation_canceled);
}

TEST_CASE("tls: an owned stream is layered as well") {
  world w;
  auto [a, b] = w.pair();
  asio::ssl::context context(asio::ssl::context::tls_client);
  asio::ssl::stream<stream> owner(std::move(a), context);
  CHECK(owner.next_layer().is_open());
  fate& shaken = w.expect();
  owner.async_handshake(asio::ssl::stream_base::client, probe(shaken));
  w.context.poll();
  b.close();
  w.until(shaken);
  CHECK(shaken.error);
}

#endif
