{{/*
What Argo Rollouts' controller has written into objects of the release. Helm 4 refuses to take a field back that somebody else has
set, and so it is told what is there already. Without a cluster, as in `helm template`, lookup finds nothing.
*/}}

{{/* A dict of root and the Service's name: the hash of the pods that it is for; nothing before the first rollout. */}}
{{- define "eyrie.rolloutHash" -}}
{{- $service := lookup "v1" "Service" .root.Release.Namespace .name | default dict -}}
{{- dig "spec" "selector" "rollouts-pod-template-hash" "" $service -}}
{{- end -}}

{{/* A dict of root and the Service's name, and its weight while nobody has moved it. */}}
{{- define "eyrie.rolloutWeight" -}}
{{- $name := include "eyrie.fullname" .root -}}
{{- $route := lookup "gateway.networking.k8s.io/v1" "HTTPRoute" .root.Release.Namespace $name | default dict -}}
{{- $weight := .weight -}}
{{- range dig "spec" "rules" list $route -}}
{{- range .backendRefs -}}
{{- if eq .name $.name }}{{ $weight = .weight }}{{ end -}}
{{- end -}}
{{- end -}}
{{- int $weight -}}
{{- end -}}
