{{/* A dict of root and track: the pods of the Deployment, of the canary's, or of the Rollout. */}}
{{- define "eyrie.podTemplate" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- $track := .track -}}
{{- $fullname := include "eyrie.fullname" .root -}}
metadata:
  labels:
    {{- include "eyrie.labels" $root | nindent 4 }}
    app.kubernetes.io/component: server
    track: {{ $track }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: eyrie
    # What is read once, at the start: a change of it starts new pods.
    checksum/config: {{ include "eyrie.environment" . | sha256sum }}
    {{- if not $values.auth.existingSecret }}
    checksum/keys: {{ $values.auth | toJson | sha256sum }}
    {{- end }}
    {{- if $values.traffic.enabled }}
    checksum/policy: {{ include "eyrie.policy" $root | sha256sum }}
    {{- else if eq $track "canary" }}
    checksum/policy: {{ include "eyrie.canaryPolicy" $root | sha256sum }}
    {{- end }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "eyrie.serviceAccountName" $root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- with $values.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- with $values.dnsConfig }}
  dnsConfig: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.hostAliases }}
  hostAliases: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- toYaml $values.podSecurityContext | nindent 4 }}
  terminationGracePeriodSeconds: {{ add $values.shutdown.preStopSeconds $values.shutdown.graceSeconds 5 }}
  {{- if or (include "eyrie.seeds" $root) $values.extraInitContainers }}
  initContainers:
    {{- if include "eyrie.seeds" $root }}
    - name: seed-registry
      image: {{ include "eyrie.image" . }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      command: [node, /etc/eyrie/seed/seed-registry.mjs]
      env:
        - { name: REGISTRY, value: {{ include "eyrie.registryPath" $root }} }
        - { name: BUNDLED, value: {{ ternary $values.registry.bundledPath "" $values.registry.persistence.seed | quote }} }
        {{- if $values.traffic.enabled }}
        - { name: MODEL, value: {{ $values.traffic.model }} }
        - { name: POLICY, value: /etc/eyrie/policy/policy.json }
        {{- end }}
      securityContext: {{- toYaml $values.securityContext | nindent 8 }}
      resources: {{- toYaml $values.resources | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        - { name: registry, mountPath: {{ include "eyrie.registryPath" $root }} }
        - { name: seed, mountPath: /etc/eyrie/seed, readOnly: true }
        {{- if $values.traffic.enabled }}
        - { name: policy, mountPath: /etc/eyrie/policy, readOnly: true }
        {{- end }}
    {{- end }}
    {{- with $values.extraInitContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
  containers:
    - name: eyrie
      image: {{ include "eyrie.image" . }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      ports:
        - { name: http, containerPort: 8000, protocol: TCP }
        {{- if $values.service.grpcPort }}
        - { name: grpc, containerPort: 8001, protocol: TCP }
        {{- end }}
      envFrom:
        - configMapRef: { name: {{ include "eyrie.trackName" . }} }
        {{- with include "eyrie.keysSecret" $root }}
        - secretRef: { name: {{ . }} }
        {{- end }}
        {{- with $values.extraEnvFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with $values.extraEnv }}
      env: {{- toYaml . | nindent 8 }}
      {{- end }}
      startupProbe:
        httpGet: { path: /health/live, port: http }
        {{- toYaml $values.probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: { path: /health/live, port: http }
        {{- toYaml $values.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: { path: /health/ready, port: http }
        {{- toYaml $values.probes.readiness | nindent 8 }}
      {{- if gt (int $values.shutdown.preStopSeconds) 0 }}
      lifecycle:
        preStop:
          sleep: { seconds: {{ $values.shutdown.preStopSeconds }} }
      {{- end }}
      resources: {{- toYaml $values.resources | nindent 8 }}
      securityContext: {{- toYaml $values.securityContext | nindent 8 }}
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        {{- if $values.registry.persistence.enabled }}
        - name: registry
          mountPath: {{ include "eyrie.registryPath" $root }}
          {{- if $values.registry.persistence.readOnly }}
          readOnly: true
          {{- end }}
        {{- end }}
        {{- if include "eyrie.mountsPolicy" . }}
        # A subPath is a file; other mounts of a ConfigMap are symbolic links.
        - name: policy
          mountPath: {{ $values.registry.bundledPath }}/{{ $values.traffic.model }}/policy.json
          subPath: policy.json
          readOnly: true
        {{- end }}
        {{- if include "eyrie.publicKeys" $root }}
        - { name: public-keys, mountPath: /etc/eyrie/public-keys, readOnly: true }
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: tmp
      emptyDir: { sizeLimit: {{ $values.tmpSize }} }
    {{- if $values.registry.persistence.enabled }}
    - name: registry
      persistentVolumeClaim:
        claimName: {{ ternary $values.canary.existingClaim (include "eyrie.claimName" $root) (and (eq $track "canary") (ne $values.canary.existingClaim "")) }}
        {{- if $values.registry.persistence.readOnly }}
        readOnly: true
        {{- end }}
    {{- end }}
    {{- if include "eyrie.seeds" $root }}
    - name: seed
      configMap: { name: {{ $fullname }}-seed }
    {{- end }}
    {{- if or (include "eyrie.mountsPolicy" .) (and (include "eyrie.seeds" $root) $values.traffic.enabled) }}
    - name: policy
      configMap: { name: {{ include "eyrie.trackName" . }}-policy }
    {{- end }}
    {{- with $values.registry.signatures }}
    {{- if .configMap }}
    - name: public-keys
      configMap: { name: {{ .configMap }} }
    {{- else if .secret }}
    - name: public-keys
      secret: { secretName: {{ .secret }} }
    {{- end }}
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- with $values.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "eyrie.selectorLabels" $ | nindent 10 }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/* A dict of root and track: the name of what the track has for itself. */}}
{{- define "eyrie.trackName" -}}
{{- include "eyrie.fullname" .root }}{{ ternary "-canary" "" (eq .track "canary") -}}
{{- end -}}

{{/* A dict of root and track: the server's environment, as the data of a ConfigMap. */}}
{{- define "eyrie.environment" -}}
{{- $values := .root.Values -}}
{{- $config := $values.config -}}
{{- if eq .track "canary" }}{{ $config = mergeOverwrite (deepCopy $config) $values.canary.config }}{{ end -}}
MODEL_REGISTRY: {{ include "eyrie.registryPath" .root | quote }}
SHUTDOWN_GRACE_MS: {{ mul $values.shutdown.graceSeconds 1000 | quote }}
{{- if not $values.service.grpcPort }}
GRPC_PORT: '0'
{{- end }}
{{- if include "eyrie.publicKeys" .root }}
MODEL_PUBLIC_KEYS: /etc/eyrie/public-keys
MODEL_SIGNATURES: {{ ternary "required" "optional" $values.registry.signatures.required }}
{{- end }}
{{- range $name, $value := $config }}
{{- /* YAML makes floats of large whole numbers, and prints them as 2e+07. */}}
{{- $isWhole := and (kindIs "float64" $value) (eq (float64 $value) (floor $value)) }}
{{ $name }}: {{ ternary (printf "%.0f" (ternary $value 0.0 $isWhole)) (toString $value) $isWhole | quote }}
{{- end }}
{{- end -}}
