{{- define "eyrie.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52 characters leave room for what is put behind it: "-canary", "-registry". */}}
{{- define "eyrie.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "eyrie.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "eyrie.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "eyrie.instanceLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "eyrie.instanceLabels" -}}
app.kubernetes.io/name: {{ include "eyrie.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* All pods that serve, whatever their track. */}}
{{- define "eyrie.serverLabels" -}}
{{ include "eyrie.instanceLabels" . }}
app.kubernetes.io/component: server
{{- end -}}

{{/* A dict of root and track. */}}
{{- define "eyrie.selectorLabels" -}}
{{ include "eyrie.serverLabels" .root }}
track: {{ .track }}
{{- end -}}

{{- define "eyrie.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "eyrie.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* A dict of root and track. The canary's image wins, part by part. */}}
{{- define "eyrie.image" -}}
{{- $image := .root.Values.image -}}
{{- $registry := $image.registry -}}
{{- $repository := $image.repository -}}
{{- $tag := $image.tag | default .root.Chart.AppVersion -}}
{{- $digest := $image.digest -}}
{{- if eq .track "canary" -}}
{{- $own := .root.Values.canary.image -}}
{{- $registry = $own.registry | default $registry -}}
{{- $repository = $own.repository | default $repository -}}
{{- $digest = $own.digest | default (ternary "" $digest (ne $own.tag "")) -}}
{{- $tag = $own.tag | default $tag -}}
{{- end -}}
{{- with $registry }}{{ $repository = printf "%s/%s" . $repository }}{{ end -}}
{{- ternary (printf "%s@%s" $repository $digest) (printf "%s:%s" $repository $tag) (ne $digest "") -}}
{{- end -}}

{{/* Name of the Secret with the keys, or nothing. */}}
{{- define "eyrie.keysSecret" -}}
{{- with .Values.auth -}}
{{- if .existingSecret -}}
{{- .existingSecret -}}
{{- else if or .adminKeyDigests .predictKeyDigests .readKeyDigests -}}
{{- include "eyrie.fullname" $ }}-keys
{{- end -}}
{{- end -}}
{{- end -}}
