{{/* A dict with docs and metrics: the paths by which people get in from outside, as JSON. */}}
{{- define "eyrie.publicPaths" -}}
{{- $paths := list "/v1" -}}
{{- if .docs }}{{ $paths = concat $paths (list "/docs" "/openapi.json" "/openapi.yaml") }}{{ end -}}
{{- if .metrics }}{{ $paths = append $paths "/metrics" }}{{ end -}}
{{- dict "paths" $paths | toJson -}}
{{- end -}}

{{/*
What the configured addresses need in a NetworkPolicy, as JSON: ports, or blocks of one address where the address is a number. A name
may be anything, and where it leads to may change.
*/}}
{{- define "eyrie.configuredEgress" -}}
{{- $rules := list -}}
{{- range $config := list .Values.config .Values.canary.config -}}
{{- range $name, $port := dict "REDIS_URL" 6379 "OTEL_EXPORTER_OTLP_ENDPOINT" 0 "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" 0 -}}
{{- with get $config $name -}}
{{- $url := urlParse . -}}
{{- $port = $port | default (ternary 443 80 (eq $url.scheme "https")) -}}
{{- with regexFind ":[0-9]+$" $url.host }}{{ $port = trimPrefix ":" . | int }}{{ end -}}
{{- $rule := dict "ports" (list (dict "port" $port "protocol" "TCP")) -}}
{{- if regexMatch "^[0-9.]+$" $url.hostname -}}
{{- $_ := set $rule "to" (list (dict "ipBlock" (dict "cidr" (printf "%s/32" $url.hostname)))) -}}
{{- end -}}
{{- if not (has $rule $rules) }}{{ $rules = append $rules $rule }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- dict "rules" $rules | toJson -}}
{{- end -}}
