package simulator

import "net/http"

const controlPath = "/_simulator/"

func (s *Server) control(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
