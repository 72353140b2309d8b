{{/* A role of `distributed` as a Deployment. */}}
{{- define "streamlens.role" -}}
{{- $root := .root }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "streamlens.fullname" $root }}-{{ .role }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "streamlens.labels" . | nindent 4 }}
spec:
  {{- if not .values.autoscaling.enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels: {{- include "streamlens.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {{- toYaml .rollingUpdate | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "streamlens.labels" . | nindent 8 }}
        {{- with $root.Values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with $root.Values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "streamlens.fullname" $root }}
      {{- include "streamlens.podSettings" $root | nindent 6 }}
      # The delay, and 10 s to finish and commit what was taken.
      terminationGracePeriodSeconds: {{ add $root.Values.shutdownDelaySeconds 20 }}
      {{- include "streamlens.spread" . | nindent 6 }}
      containers:
        - name: {{ .role }}
          image: {{ include "streamlens.image" $root }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [{{ .role }}]
          env: {{- include "streamlens.env" . | nindent 12 }}
          ports:
            {{- range .ports }}
            - { name: {{ .name }}, containerPort: {{ .port }} }
            {{- end }}
          {{- include "streamlens.probes" (dict "root" $root "port" (index .ports 0).name) | nindent 10 }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          securityContext: {{- include "streamlens.containerSecurity" $root | nindent 12 }}
          volumeMounts: {{- include "streamlens.volumeMounts" . | nindent 12 }}
      volumes: {{- include "streamlens.volumes" . | nindent 8 }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "streamlens.fullname" $root }}-{{ .role }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "streamlens.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ $root.Values.podDisruptionBudget.maxUnavailable }}
  # A pod that is not ready serves nobody, so a drain need not wait for it.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "streamlens.selector" . | nindent 6 }}
{{- end }}
