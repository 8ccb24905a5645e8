vcl 4.1;
# Varnish and edge-side includes. The page and its parts are kept for as long as they say, which is
# what Varnish is for; the page that is sent is put together anew for each visitor.

backend promo {
    .host = "127.0.0.1";
    .port = "$promo_port";
}
backend recco {
    .host = "127.0.0.1";
    .port = "$recco_port";
}

sub vcl_recv {
    if (req.url == "/recco.html") {
        set req.backend_hint = recco;
    } else {
        set req.backend_hint = promo;
    }
    if ($passes && req.url != "/") {
        return (pass);
    }
}

sub vcl_backend_response {
    if (bereq.url == "/") {
        set beresp.do_esi = true;
    }
}
