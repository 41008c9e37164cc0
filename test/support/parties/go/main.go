// A website in Go with go-oidc and x/oauth2, set up as the former's example is: what OpenList, Grafana, Gitea and oauth2-proxy are made of.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/coreos/go-oidc"
	"golang.org/x/oauth2"
)

type session struct {
	State    string
	Nonce    string
	IDToken  string
	Claims   map[string]interface{}
	UserInfo map[string]interface{}
}

type website struct {
	lock     sync.Mutex
	sessions map[string]*session
	provider *oidc.Provider
}

func random() string {
	bytes := make([]byte, 24)
	if _, err := rand.Read(bytes); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func show(w http.ResponseWriter, status int, value interface{}) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func fail(w http.ResponseWriter, code string, err error) {
	show(w, http.StatusInternalServerError, map[string]interface{}{"failed": true, "error": code, "message": err.Error()})
}

func (site *website) session(w http.ResponseWriter, r *http.Request) *session {
	site.lock.Lock()
	defer site.lock.Unlock()
	if cookie, err := r.Cookie("site"); err == nil && site.sessions[cookie.Value] != nil {
		return site.sessions[cookie.Value]
	}
	id := random()
	site.sessions[id] = &session{}
	http.SetCookie(w, &http.Cookie{Name: "site", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return site.sessions[id]
}

func main() {
	issuer, own := os.Getenv("ISSUER"), os.Getenv("URL")
	site := &website{sessions: map[string]*session{}}
	config := oauth2.Config{
		ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"), RedirectURL: own + "/callback",
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"},
	}
	// The service may start later than this website.
	connect := func() error {
		site.lock.Lock()
		defer site.lock.Unlock()
		if site.provider != nil {
			return nil
		}
		provider, err := oidc.NewProvider(context.Background(), issuer)
		if err != nil {
			return err
		}
		site.provider = provider
		config.Endpoint = provider.Endpoint()
		return nil
	}

	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		found := site.session(w, r)
		show(w, http.StatusOK, map[string]interface{}{"claims": found.Claims, "userinfo": found.UserInfo})
	})
	http.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if err := connect(); err != nil {
			fail(w, "discovery", err)
			return
		}
		found := site.session(w, r)
		found.State, found.Nonce = random(), random()
		http.Redirect(w, r, config.AuthCodeURL(found.State, oidc.Nonce(found.Nonce)), http.StatusFound)
	})
	http.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		found, query := site.session(w, r), r.URL.Query()
		if query.Get("state") != found.State || found.State == "" {
			show(w, http.StatusBadRequest, map[string]interface{}{"failed": true, "message": "state did not match"})
			return
		}
		if code := query.Get("error"); code != "" {
			show(w, http.StatusForbidden, map[string]interface{}{"failed": true, "error": code, "description": query.Get("error_description")})
			return
		}
		token, err := config.Exchange(r.Context(), query.Get("code"))
		if err != nil {
			fail(w, "exchange", err)
			return
		}
		raw, _ := token.Extra("id_token").(string)
		verified, err := site.provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(r.Context(), raw)
		if err != nil {
			fail(w, "verify", err)
			return
		}
		if verified.Nonce != found.Nonce {
			show(w, http.StatusBadRequest, map[string]interface{}{"failed": true, "message": "nonce did not match"})
			return
		}
		info, err := site.provider.UserInfo(r.Context(), oauth2.StaticTokenSource(token))
		if err != nil {
			fail(w, "userinfo", err)
			return
		}
		if err := verified.Claims(&found.Claims); err != nil {
			fail(w, "claims", err)
			return
		}
		if err := info.Claims(&found.UserInfo); err != nil {
			fail(w, "claims", err)
			return
		}
		found.IDToken = raw
		http.Redirect(w, r, "/", http.StatusFound)
	})
	http.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		var more struct {
			EndSession string `json:"end_session_endpoint"`
		}
		found := site.session(w, r)
		if err := connect(); err != nil {
			fail(w, "discovery", err)
			return
		}
		if err := site.provider.Claims(&more); err != nil {
			fail(w, "discovery", err)
			return
		}
		query := url.Values{"id_token_hint": {found.IDToken}, "post_logout_redirect_uri": {own + "/"}, "state": {"after"}}
		found.Claims, found.UserInfo = nil, nil
		http.Redirect(w, r, more.EndSession+"?"+query.Encode(), http.StatusFound)
	})
	address, err := url.Parse(own)
	if err != nil {
		panic(err)
	}
	panic(http.ListenAndServe(address.Host, nil))
}
