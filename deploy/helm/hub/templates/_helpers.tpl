{{- define "hub.labels" -}}
app.kubernetes.io/name: hub
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "hub.selector" -}}
app.kubernetes.io/name: hub
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* The pod of one process: root, component, args (a list), resources, poolSize, and for the API its port. */}}
{{- define "hub.pod" -}}
metadata:
  labels:
    {{- include "hub.selector" . | nindent 4 }}
  annotations:
    # Settings are read once, at the start: changed ones are a new pod.
    checksum/settings: {{ toJson .root.Values.settings | sha256sum }}
spec:
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{ toYaml . | nindent 4 }}
  {{- end }}
  automountServiceAccountToken: false
  # Else a release called "hub" is told HUB_PORT=tcp://...: the address of its own Service under the name of a setting.
  enableServiceLinks: false
  # Longer than a worker's own 20 s for what is under way, and than the API's 15 s for open answers.
  terminationGracePeriodSeconds: 40
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    fsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "hub.selector" . | nindent 10 }}
  {{- with .root.Values.nodeSelector }}
  nodeSelector: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.tolerations }}
  tolerations: {{ toYaml . | nindent 4 }}
  {{- end }}
  {{- if .restartPolicy }}
  restartPolicy: {{ .restartPolicy }}
  {{- end }}
  containers:
    - name: {{ .component }}
      image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      args: {{ toJson .args }}
      envFrom:
        - configMapRef: {name: {{ .root.Release.Name }}-settings}
        - secretRef: {name: {{ .root.Values.existingSecret }}}
      env:
        {{- if .port }}
        - {name: HUB_PORT, value: {{ .port | quote }}}
        {{- else }}
        - {name: HUB_METRICS_PORT, value: {{ .root.Values.metrics.port | quote }}}
        {{- end }}
        {{- if .poolSize }}
        - {name: HUB_DATABASE_POOL_SIZE, value: {{ .poolSize | quote }}}
        {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      {{- if not .restartPolicy }}
      ports:
        {{- if .port }}
        - {name: http, containerPort: {{ .port }}}
        {{- else }}
        - {name: metrics, containerPort: {{ .root.Values.metrics.port }}}
        {{- end }}
      {{- if .port }}
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 3
        timeoutSeconds: 3
      lifecycle:
        # The balancer forgets this pod before it stops taking requests.
        preStop: {exec: {command: [sleep, "5"]}}
      {{- else }}
      livenessProbe:
        # Not the socket, which a thread of its own holds: this says whether the loop turned within the last minute.
        httpGet: {path: /healthz, port: metrics}
        initialDelaySeconds: 20
        periodSeconds: 10
        timeoutSeconds: 5
      {{- end }}
      {{- end }}
      resources: {{ toYaml .resources | nindent 8 }}
      volumeMounts:
        - {name: scratch, mountPath: /tmp}
  volumes:
    - name: scratch
      emptyDir: {sizeLimit: 256Mi}
{{- end }}
