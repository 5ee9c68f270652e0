{{/* Where the models are, in the containers. */}}
{{- define "eyrie.registryPath" -}}
{{- ternary "/registry" .Values.registry.bundledPath .Values.registry.persistence.enabled -}}
{{- end -}}

{{- define "eyrie.claimName" -}}
{{- .Values.registry.persistence.existingClaim | default (printf "%s-registry" (include "eyrie.fullname" .)) -}}
{{- end -}}

{{/* A dict of root and track: whether these pods have a policy.json of their own, mounted over the image's. */}}
{{- define "eyrie.mountsPolicy" -}}
{{- $values := .root.Values -}}
{{- if not $values.registry.persistence.enabled -}}
{{- if or $values.traffic.enabled (and (eq .track "canary") $values.canary.version) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether an init container puts models, a policy, or both into the volume. */}}
{{- define "eyrie.seeds" -}}
{{- with .Values.registry.persistence -}}
{{- if and .enabled (not .readOnly) (or .seed $.Values.traffic.enabled) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The policy as JSON.
The revision is that of a first policy; where policies are kept, the registry counts by itself.
*/}}
{{- define "eyrie.policy" -}}
{{- $traffic := .Values.traffic -}}
{{- $policy := dict "revision" 1 "aliases" $traffic.aliases "default" $traffic.default -}}
{{- range $key := list "variants" "shadows" "guard" -}}
{{- with get $traffic $key }}{{ $_ := set $policy $key . }}{{ end -}}
{{- end -}}
{{- toPrettyJson $policy -}}
{{- end -}}

{{- define "eyrie.canaryPolicy" -}}
{{- toPrettyJson (dict "revision" 1 "aliases" dict "default" (int .Values.canary.version)) -}}
{{- end -}}

{{/* What has the public keys whose signatures count; empty where signatures do not. */}}
{{- define "eyrie.publicKeys" -}}
{{- with .Values.registry.signatures }}{{ .configMap | default .secret }}{{ end -}}
{{- end -}}
