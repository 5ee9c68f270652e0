{{/* What a schema cannot say: values that must fit each other. Each refusal says what to do. */}}
{{- define "eyrie.validate" -}}
{{- $v := .Values -}}
{{- $persistence := $v.registry.persistence -}}
{{- $single := not (or $v.autoscaling.enabled $v.canary.enabled $v.rollout.enabled (gt (int $v.replicaCount) 1)) -}}

{{- range $name, $_ := $v.commonLabels -}}
{{- if or (eq $name "track") (regexMatch "^(app\\.kubernetes\\.io|helm\\.sh)/" $name) -}}
{{- fail (printf "commonLabels has %q, which the chart sets itself and selects pods by: choose another name" $name) -}}
{{- end -}}
{{- end -}}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) -}}
{{- fail "ingress.enabled is true, but ingress.hosts is empty, so that nobody would be let in: name a host, such as ingress.hosts: [{ host: eyrie.example.com }]" -}}
{{- end -}}
{{- if and (eq $v.service.type "ClusterIP") (or $v.service.nodePort $v.service.externalTrafficPolicy) -}}
{{- fail "service.nodePort and service.externalTrafficPolicy are for service.type NodePort and LoadBalancer, but it is ClusterIP" -}}
{{- end -}}
{{- if and (ne $v.service.type "LoadBalancer") (or $v.service.loadBalancerClass $v.service.loadBalancerIP $v.service.loadBalancerSourceRanges) -}}
{{- fail (printf "service.loadBalancer… is for service.type LoadBalancer, but it is %s" $v.service.type) -}}
{{- end -}}

{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) -}}
{{- fail (printf "autoscaling.minReplicas (%v) is more than autoscaling.maxReplicas (%v)" $v.autoscaling.minReplicas $v.autoscaling.maxReplicas) -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (not (or $v.autoscaling.targetCPU $v.autoscaling.targetMemory $v.autoscaling.requestsWaiting.enabled)) -}}
{{- fail "autoscaling has nothing to go by: set autoscaling.targetCPU, targetMemory or requestsWaiting.enabled, or switch autoscaling.enabled off" -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (eq $v.autoscaling.type "keda") $v.autoscaling.requestsWaiting.enabled (not $v.autoscaling.prometheusAddress) -}}
{{- fail "KEDA asks Prometheus how many requests wait: set autoscaling.prometheusAddress, such as http://prometheus.monitoring:9090" -}}
{{- end -}}

{{- if and $persistence.enabled (not $persistence.existingClaim) (not $single) (not (has "ReadWriteMany" $persistence.accessModes)) (not $persistence.readOnly) -}}
{{- fail (printf "registry.persistence.accessModes %v can be mounted on one node only, but there may be several pods: use ReadWriteMany, or one pod (autoscaling.enabled: false, replicaCount: 1)" $persistence.accessModes) -}}
{{- end -}}
{{- if and $persistence.existingClaim (not $persistence.enabled) -}}
{{- fail "registry.persistence.existingClaim is set, but registry.persistence.enabled is false, so it would not be used" -}}
{{- end -}}
{{- with $v.registry.signatures -}}
{{- if and .configMap .secret -}}
{{- fail "registry.signatures.configMap and registry.signatures.secret exclude each other: put all public keys into one of them" -}}
{{- end -}}
{{- if and .required (not .configMap) (not .secret) -}}
{{- fail "registry.signatures.required is true, but there is no public key to check signatures by: name a ConfigMap or a Secret with some in registry.signatures.configMap or registry.signatures.secret" -}}
{{- end -}}
{{- end -}}
{{- if and $v.canary.existingClaim (not $persistence.enabled) -}}
{{- fail "canary.existingClaim needs registry.persistence.enabled: without it all pods serve the models of their image" -}}
{{- end -}}
{{- if and $v.canary.enabled $v.canary.version $persistence.enabled -}}
{{- fail "canary.version is for the models of the image; the pods of a volume share its policy: give the canary another volume (canary.existingClaim), or split the traffic by traffic.variants instead" -}}
{{- end -}}

{{- if and $v.backup.enabled (not $persistence.enabled) -}}
{{- fail "backup.enabled backs up the registry's volume, but registry.persistence.enabled is false: the models of the image are backed up with the image" -}}
{{- end -}}
{{- if and $v.backup.enabled (has "ReadWriteOncePod" $persistence.accessModes) -}}
{{- fail "backup.enabled needs a second pod that mounts the registry, which registry.persistence.accessModes [ReadWriteOncePod] forbids: use ReadWriteOnce or ReadWriteMany" -}}
{{- end -}}
{{- if and $v.backup.volume $v.backup.persistence.existingClaim -}}
{{- fail "backup.volume and backup.persistence.existingClaim are two places for the backups: set one of them" -}}
{{- end -}}

{{- /* A pod's name begins with 58 characters at most of its ReplicaSet's: the Rollout's, "-", a hash of 10 at most, and "-". */ -}}
{{- if and $v.rollout.enabled (gt (len (include "eyrie.fullname" .)) 46) -}}
{{- fail (printf "the name %q has more than 46 characters: the names of the Rollout's pods would be cut off, and its analysis would find none of them; set fullnameOverride" (include "eyrie.fullname" .)) -}}
{{- end -}}

{{- if $v.traffic.enabled -}}
{{- if and $persistence.enabled $persistence.readOnly -}}
{{- fail "traffic.* is written to the registry, but registry.persistence.readOnly is true: put policy.json into the volume instead, or make it writable" -}}
{{- end -}}
{{- if and $v.traffic.guard (not $persistence.enabled) -}}
{{- fail "traffic.guard moves weights by writing policy.json, but the models of the image are read-only: set registry.persistence.enabled" -}}
{{- end -}}
{{- $aliases := $v.traffic.aliases -}}
{{- $references := list (dict "what" "traffic.default" "version" $v.traffic.default) -}}
{{- $sum := 0.0 -}}
{{- $names := list -}}
{{- range $v.traffic.variants -}}
{{- if has .name $names }}{{ fail (printf "traffic.variants has two variants called %q" .name) }}{{ end -}}
{{- $names = append $names .name -}}
{{- $sum = addf $sum .weight -}}
{{- $references = append $references (dict "what" (printf "traffic.variants %q" .name) "version" .version) -}}
{{- end -}}
{{- range $v.traffic.shadows -}}
{{- $references = append $references (dict "what" "traffic.shadows" "version" .version) -}}
{{- end -}}
{{- range $references -}}
{{- if and (kindIs "string" .version) (not (hasKey $aliases .version)) -}}
{{- fail (printf "%s names %q, which is no alias in traffic.aliases (there are: %s)" .what .version (keys $aliases | sortAlpha | join ", " | default "none")) -}}
{{- end -}}
{{- end -}}
{{- if and $v.traffic.variants (ne (printf "%.4f" $sum) "100.0000") -}}
{{- fail (printf "the weights of traffic.variants add up to %v; they must add up to 100" $sum) -}}
{{- end -}}
{{- with $v.traffic.guard -}}
{{- if not (has .variant $names) }}{{ fail (printf "traffic.guard watches %q, which is none of traffic.variants" .variant) }}{{ end -}}
{{- end -}}
{{- end -}}

{{- if and (eq (toString $v.config.PREDICT_AUTH) "required") (not (or $v.auth.existingSecret $v.auth.adminKeyDigests $v.auth.predictKeyDigests)) -}}
{{- fail "config.PREDICT_AUTH is required, but there is no key that may predict: set auth.existingSecret or auth.predictKeyDigests" -}}
{{- end -}}
{{- if and $v.auth.existingSecret (or $v.auth.adminKeyDigests $v.auth.predictKeyDigests $v.auth.readKeyDigests) -}}
{{- fail "auth.existingSecret and digests in auth.adminKeyDigests, auth.predictKeyDigests or auth.readKeyDigests exclude each other: put the digests into the Secret" -}}
{{- end -}}
{{- if and $v.auth.existingSecret $v.auth.checkSecret -}}
{{- /* Without a cluster, as in `helm template`, lookup finds no namespace either. */ -}}
{{- if lookup "v1" "Namespace" "" .Release.Namespace -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace $v.auth.existingSecret -}}
{{- if not $secret -}}
{{- fail (printf "there is no Secret %q in the namespace %q, which auth.existingSecret names: create it with an entry ADMIN_API_KEYS or PREDICT_API_KEYS, or set auth.checkSecret to false if it is to come later" $v.auth.existingSecret .Release.Namespace) -}}
{{- end -}}
{{- if not (or (hasKey ($secret.data | default dict) "ADMIN_API_KEYS") (hasKey ($secret.data | default dict) "PREDICT_API_KEYS")) -}}
{{- fail (printf "the Secret %q has neither ADMIN_API_KEYS nor PREDICT_API_KEYS" $v.auth.existingSecret) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
