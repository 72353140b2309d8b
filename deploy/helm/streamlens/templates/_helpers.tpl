{{- define "streamlens.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "streamlens.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "streamlens.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "streamlens.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "streamlens.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- define "streamlens.selector" -}}
app.kubernetes.io/name: {{ include "streamlens.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "streamlens.labels" -}}
{{ include "streamlens.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* Names by which browsers may call it: the Services as other namespaces write them, and the names of the ingress. */}}
{{- define "streamlens.allowedHosts" -}}
{{- $hosts := list }}
{{- range list "ingestion" "metrics" }}
{{- $service := printf "%s-%s.%s" (include "streamlens.fullname" $) . $.Release.Namespace }}
{{- $hosts = concat $hosts (list $service (printf "%s.svc" $service) (printf "%s.svc.cluster.local" $service)) }}
{{- end }}
{{- if .Values.ingress.enabled }}
{{- $hosts = concat $hosts (compact (list .Values.ingress.metricsHost .Values.ingress.ingestionHost)) }}
{{- end }}
{{- join "," $hosts }}
{{- end }}

{{/* The environment of a role: what the values say, then the role's own settings, which win, then secrets. */}}
{{- define "streamlens.env" -}}
{{- $root := .root }}
{{- $values := $root.Values }}
{{- $role := .role }}
{{- $env := dict }}
{{- if ne $role "prepare" }}
{{- $_ := set $env "HOST" "0.0.0.0" }}
{{- $_ := set $env "SHUTDOWN_DELAY" (printf "%ds" (int $values.shutdownDelaySeconds)) }}
{{- end }}
{{- if eq $role "single" }}
{{- $_ := set $env "STREAMLENS_INGESTION_PORT" "8080" }}
{{- $_ := set $env "STREAMLENS_METRICS_PORT" "8081" }}
{{- $_ := set $env "STREAMLENS_DATA_DIR" "/data" }}
{{- else if ne $role "prepare" }}
{{- $_ := set $env "STREAMLENS_HTTP_PORT" (get (dict "ingestion-api" "8080" "metrics-api" "8081" "metrics-processor" "8082") $role) }}
{{- if $values.prepare.enabled }}
{{- $_ := set $env "MIGRATE" "false" }}
{{- end }}
{{- end }}
{{- if has $role (list "single" "ingestion-api") }}
{{- $_ := set $env "OTLP_GRPC_PORT" "4317" }}
{{- end }}
{{- if has $role (list "single" "ingestion-api" "metrics-api") }}
{{- $_ := set $env "API_KEYS" $values.apiKeys }}
{{- $_ := set $env "ALLOWED_HOSTS" (include "streamlens.allowedHosts" $root) }}
{{- end }}
{{- if and $values.tls.existingSecret (ne $role "prepare") }}
{{- $_ := set $env "TLS_CERT" "/etc/streamlens/tls/tls.crt" }}
{{- $_ := set $env "TLS_KEY" "/etc/streamlens/tls/tls.key" }}
{{- end }}
{{- if and $values.prices.existingConfigMap (has $role (list "single" "metrics-processor")) }}
{{- $_ := set $env "PRICES_FILE" "/etc/streamlens/prices/prices.yaml" }}
{{- end }}
{{- if and $values.kafka.brokers (ne $role "metrics-api") }}
{{- $_ := set $env "KAFKA_BROKERS" $values.kafka.brokers }}
{{- if $values.kafka.tls.enabled }}
{{- $_ := set $env "KAFKA_TLS" "true" }}
{{- if $values.kafka.tls.existingSecret }}
{{- $_ := set $env "KAFKA_TLS_CA" "/etc/streamlens/kafka-tls/ca.crt" }}
{{- if $values.kafka.tls.clientCertificate }}
{{- $_ := set $env "KAFKA_TLS_CERT" "/etc/streamlens/kafka-tls/tls.crt" }}
{{- $_ := set $env "KAFKA_TLS_KEY" "/etc/streamlens/kafka-tls/tls.key" }}
{{- end }}
{{- end }}
{{- end }}
{{- with $values.kafka.sasl.mechanism }}
{{- $_ := set $env "KAFKA_SASL_MECHANISM" . }}
{{- end }}
{{- if has $role (list "single" "prepare") }}
{{- $_ := set $env "KAFKA_PARTITIONS" (toString (int $values.kafka.topics.partitions)) }}
{{- $_ := set $env "KAFKA_REPLICATION_FACTOR" (toString (int $values.kafka.topics.replicationFactor)) }}
{{- end }}
{{- end }}
{{- $own := get (dict "single" $values.single "ingestion-api" $values.ingestionApi "metrics-processor" $values.metricsProcessor "metrics-api" $values.metricsApi "prepare" (dict "settings" dict)) $role }}
{{- range $name, $value := merge (dict) $own.settings $values.settings }}
{{- $_ := set $env $name (ternary (printf "%d" (int64 $value)) (toString $value) (kindIs "float64" $value)) }}
{{- end }}
{{- $lines := list }}
{{- range $name, $value := $env }}
{{- $lines = append $lines (printf "- name: %s\n  value: %s" $name (quote $value)) }}
{{- end }}
{{- join "\n" $lines }}
{{- range $name, $where := $values.secretSettings }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $where.secret }}
      key: {{ $where.key }}
{{- end }}
{{- if and $values.kafka.brokers (ne $role "metrics-api") (or (eq $values.kafka.sasl.mechanism "PLAIN") (hasPrefix "SCRAM" $values.kafka.sasl.mechanism)) }}
{{- range $name, $key := dict "KAFKA_SASL_USERNAME" $values.kafka.sasl.usernameKey "KAFKA_SASL_PASSWORD" $values.kafka.sasl.passwordKey }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ required "kafka.sasl.existingSecret names the Secret with user name and password" $values.kafka.sasl.existingSecret }}
      key: {{ $key }}
{{- end }}
{{- end }}
{{- if $values.postgres.existingSecret }}
- name: POSTGRES_DSN
  valueFrom:
    secretKeyRef:
      name: {{ $values.postgres.existingSecret }}
      key: {{ $values.postgres.dsnKey }}
{{- end }}
{{- end }}

{{- define "streamlens.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
runAsNonRoot: true
runAsUser: {{ .Values.runAsUser }}
runAsGroup: {{ .Values.runAsGroup }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "streamlens.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if and .root.Values.kafka.tls.enabled .root.Values.kafka.tls.existingSecret (ne .role "metrics-api") }}
- name: kafka-tls
  mountPath: /etc/streamlens/kafka-tls
  readOnly: true
{{- end }}
{{- if and .root.Values.tls.existingSecret (ne .role "prepare") }}
- name: tls
  mountPath: /etc/streamlens/tls
  readOnly: true
{{- end }}
{{- if and .root.Values.prices.existingConfigMap (has .role (list "single" "metrics-processor")) }}
- name: prices
  mountPath: /etc/streamlens/prices
  readOnly: true
{{- end }}
{{- end }}

{{- define "streamlens.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- if and .root.Values.kafka.tls.enabled .root.Values.kafka.tls.existingSecret (ne .role "metrics-api") }}
- name: kafka-tls
  secret:
    secretName: {{ .root.Values.kafka.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if and .root.Values.tls.existingSecret (ne .role "prepare") }}
- name: tls
  secret:
    secretName: {{ .root.Values.tls.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- if and .root.Values.prices.existingConfigMap (has .role (list "single" "metrics-processor")) }}
- name: prices
  configMap:
    name: {{ .root.Values.prices.existingConfigMap }}
{{- end }}
{{- end }}

{{/* What all pods have in common. */}}
{{- define "streamlens.podSettings" -}}
automountServiceAccountToken: false
# Without the variables of every Service in the namespace.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.runAsUser }}
  runAsGroup: {{ .Values.runAsGroup }}
  fsGroup: {{ .Values.runAsGroup }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A start that reads back the log for long is no hang: /health answers from the beginning, /ready when it is done. */}}
{{- define "streamlens.probes" -}}
startupProbe:
  httpGet: { path: /health, port: {{ .port }}{{ if .root.Values.tls.existingSecret }}, scheme: HTTPS{{ end }} }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health, port: {{ .port }}{{ if .root.Values.tls.existingSecret }}, scheme: HTTPS{{ end }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /ready, port: {{ .port }}{{ if .root.Values.tls.existingSecret }}, scheme: HTTPS{{ end }} }
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{/* Two pods of a role share neither node nor zone where there is a choice. */}}
{{- define "streamlens.spread" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels: {{- include "streamlens.selector" . | nindent 14 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "streamlens.selector" . | nindent 8 }}
{{- end }}
