/**
 * The meaning of a field for the proxy. `pod` and `container` are ids, `image` an image name, id or ref that must belong to the
 * runtime of the call, `imageHint` an image name that only informs, `imageId` the id of an image in an answer, `handler` a
 * RuntimeClass handler, `url` a streaming URL, `address` a URL that may have credentials, `podAnnotation` an entry of a pod sandbox's
 * annotations, `imageAnnotation` an entry of an image spec's annotations (the kubelet sends the pod's), `podUid` the pod's uid,
 * `namespaceMode` and `filesystemId` fields that differ between CRI API packages, `secret` a value that no log shows. `podHandler`
 * and `pinned`: see last-fields.ts; `imageScope`: see scopes.ts.
 */
export type Kind =
  | 'pod'
  | 'container'
  | 'image'
  | 'imageHint'
  | 'imageId'
  | 'imageScope'
  | 'handler'
  | 'url'
  | 'address'
  | 'podAnnotation'
  | 'imageAnnotation'
  | 'podUid'
  | 'podHandler'
  | 'pinned'
  | 'namespaceMode'
  | 'filesystemId'
  | 'secret';

/**
 * Every message of CRI, as of `runtime.v1` in Kubernetes 1.37: `field=number:type`, `[]` for repeated, `@kind` where the
 * proxy cares. A map is map<string,string>. A message that is not here has no fields.
 */
export const messages: Readonly<Record<string, string>> = {
  VersionRequest: 'version=1:string',
  VersionResponse: 'version=1:string runtime_name=2:string runtime_version=3:string runtime_api_version=4:string',
  DNSConfig: 'servers=1:string[] searches=2:string[] options=3:string[]',
  PortMapping: 'protocol=1:Protocol container_port=2:int32 host_port=3:int32 host_ip=4:string',
  Mount:
    'container_path=1:string host_path=2:string readonly=3:bool selinux_relabel=4:bool propagation=5:MountPropagation uidMappings=6:IDMapping[] gidMappings=7:IDMapping[] recursive_read_only=8:bool image=9:ImageSpec image_sub_path=10:string mount_options=11:string[]',
  IDMapping: 'host_id=1:uint32 container_id=2:uint32 length=3:uint32',
  UserNamespace: 'mode=1:NamespaceMode uids=2:IDMapping[] gids=3:IDMapping[]',
  NamespaceOption:
    'network=1:NamespaceMode@namespaceMode pid=2:NamespaceMode@namespaceMode ipc=3:NamespaceMode@namespaceMode target_id=4:string@container userns_options=5:UserNamespace',
  Int64Value: 'value=1:int64',
  LinuxSandboxSecurityContext:
    'namespace_options=1:NamespaceOption selinux_options=2:SELinuxOption run_as_user=3:Int64Value readonly_rootfs=4:bool supplemental_groups=5:int64[] privileged=6:bool seccomp_profile_path=7:string run_as_group=8:Int64Value seccomp=9:SecurityProfile apparmor=10:SecurityProfile supplemental_groups_policy=11:SupplementalGroupsPolicy',
  SecurityProfile: 'profile_type=1:SecurityProfile.ProfileType localhost_ref=2:string',
  LinuxPodSandboxConfig:
    'cgroup_parent=1:string security_context=2:LinuxSandboxSecurityContext sysctls=3:map overhead=4:LinuxContainerResources resources=5:LinuxContainerResources',
  PodSandboxMetadata: 'name=1:string uid=2:string@podUid namespace=3:string attempt=4:uint32',
  PodSandboxConfig:
    'metadata=1:PodSandboxMetadata hostname=2:string log_directory=3:string dns_config=4:DNSConfig port_mappings=5:PortMapping[] labels=6:map annotations=7:map@podAnnotation linux=8:LinuxPodSandboxConfig windows=9:WindowsPodSandboxConfig',
  RunPodSandboxRequest: 'config=1:PodSandboxConfig runtime_handler=2:string@handler',
  RunPodSandboxResponse: 'pod_sandbox_id=1:string@pod',
  StopPodSandboxRequest: 'pod_sandbox_id=1:string@pod',
  RemovePodSandboxRequest: 'pod_sandbox_id=1:string@pod',
  PodSandboxStatusRequest: 'pod_sandbox_id=1:string@pod verbose=2:bool',
  PodIP: 'ip=1:string',
  PodSandboxNetworkStatus: 'ip=1:string additional_ips=2:PodIP[]',
  Namespace: 'options=2:NamespaceOption',
  LinuxPodSandboxStatus: 'namespaces=1:Namespace',
  PodSandboxStatus:
    'id=1:string@pod metadata=2:PodSandboxMetadata state=3:PodSandboxState created_at=4:int64 network=5:PodSandboxNetworkStatus linux=6:LinuxPodSandboxStatus labels=7:map annotations=8:map runtime_handler=9:string@handler',
  PodSandboxStatusResponse:
    'status=1:PodSandboxStatus info=2:map@secret containers_statuses=3:ContainerStatus[] timestamp=4:int64',
  PodSandboxStateValue: 'state=1:PodSandboxState',
  PodSandboxFilter: 'id=1:string@pod state=2:PodSandboxStateValue label_selector=3:map',
  ListPodSandboxRequest: 'filter=1:PodSandboxFilter',
  PodSandbox:
    'id=1:string@pod metadata=2:PodSandboxMetadata state=3:PodSandboxState created_at=4:int64 labels=5:map annotations=6:map runtime_handler=7:string@handler',
  ListPodSandboxResponse: 'items=1:PodSandbox[]',
  StreamPodSandboxesRequest: 'filter=1:PodSandboxFilter',
  StreamPodSandboxesResponse: 'pod_sandboxes=1:PodSandbox[]',
  PodSandboxStatsRequest: 'pod_sandbox_id=1:string@pod',
  PodSandboxStatsResponse: 'stats=1:PodSandboxStats',
  PodSandboxStatsFilter: 'id=1:string@pod label_selector=2:map',
  ListPodSandboxStatsRequest: 'filter=1:PodSandboxStatsFilter',
  ListPodSandboxStatsResponse: 'stats=1:PodSandboxStats[]',
  StreamPodSandboxStatsRequest: 'filter=1:PodSandboxStatsFilter',
  StreamPodSandboxStatsResponse: 'pod_sandbox_stats=1:PodSandboxStats[]',
  PodSandboxAttributes: 'id=1:string@pod metadata=2:PodSandboxMetadata labels=3:map annotations=4:map',
  PodSandboxStats: 'attributes=1:PodSandboxAttributes linux=2:LinuxPodSandboxStats windows=3:WindowsPodSandboxStats',
  LinuxPodSandboxStats:
    'cpu=1:CpuUsage memory=2:MemoryUsage network=3:NetworkUsage process=4:ProcessUsage containers=5:ContainerStats[] io=6:IoUsage',
  WindowsPodSandboxStats:
    'cpu=1:WindowsCpuUsage memory=2:WindowsMemoryUsage network=3:WindowsNetworkUsage process=4:WindowsProcessUsage containers=5:WindowsContainerStats[]',
  NetworkUsage: 'timestamp=1:int64 default_interface=2:NetworkInterfaceUsage interfaces=3:NetworkInterfaceUsage[]',
  WindowsNetworkUsage:
    'timestamp=1:int64 default_interface=2:WindowsNetworkInterfaceUsage interfaces=3:WindowsNetworkInterfaceUsage[]',
  NetworkInterfaceUsage:
    'name=1:string rx_bytes=2:UInt64Value rx_errors=3:UInt64Value tx_bytes=4:UInt64Value tx_errors=5:UInt64Value',
  WindowsNetworkInterfaceUsage:
    'name=1:string rx_bytes=2:UInt64Value rx_packets_dropped=3:UInt64Value tx_bytes=4:UInt64Value tx_packets_dropped=5:UInt64Value',
  ProcessUsage: 'timestamp=1:int64 process_count=2:UInt64Value',
  WindowsProcessUsage: 'timestamp=1:int64 process_count=2:UInt64Value',
  ImageSpec:
    'image=1:string@image annotations=2:map@imageAnnotation user_specified_image=18:string@imageHint runtime_handler=19:string@handler image_ref=20:string@imageHint',
  KeyValue: 'key=1:string value=2:bytes@secret',
  LinuxContainerResources:
    'cpu_period=1:int64 cpu_quota=2:int64 cpu_shares=3:int64 memory_limit_in_bytes=4:int64 oom_score_adj=5:int64 cpuset_cpus=6:string cpuset_mems=7:string hugepage_limits=8:HugepageLimit[] unified=9:map memory_swap_limit_in_bytes=10:int64',
  HugepageLimit: 'page_size=1:string limit=2:uint64',
  SELinuxOption: 'user=1:string role=2:string type=3:string level=4:string',
  Capability: 'add_capabilities=1:string[] drop_capabilities=2:string[] add_ambient_capabilities=3:string[]',
  LinuxContainerSecurityContext:
    'capabilities=1:Capability privileged=2:bool namespace_options=3:NamespaceOption selinux_options=4:SELinuxOption run_as_user=5:Int64Value run_as_username=6:string readonly_rootfs=7:bool supplemental_groups=8:int64[] apparmor_profile=9:string seccomp_profile_path=10:string no_new_privs=11:bool run_as_group=12:Int64Value masked_paths=13:string[] readonly_paths=14:string[] seccomp=15:SecurityProfile apparmor=16:SecurityProfile supplemental_groups_policy=17:SupplementalGroupsPolicy',
  LinuxContainerConfig: 'resources=1:LinuxContainerResources security_context=2:LinuxContainerSecurityContext',
  LinuxContainerUser: 'uid=1:int64 gid=2:int64 supplemental_groups=3:int64[]',
  WindowsNamespaceOption: 'network=1:NamespaceMode',
  WindowsSandboxSecurityContext:
    'run_as_username=1:string credential_spec=2:string host_process=3:bool namespace_options=4:WindowsNamespaceOption',
  WindowsPodSandboxConfig: 'security_context=1:WindowsSandboxSecurityContext',
  WindowsContainerSecurityContext: 'run_as_username=1:string credential_spec=2:string host_process=3:bool',
  WindowsContainerConfig: 'resources=1:WindowsContainerResources security_context=2:WindowsContainerSecurityContext',
  WindowsContainerResources:
    'cpu_shares=1:int64 cpu_count=2:int64 cpu_maximum=3:int64 memory_limit_in_bytes=4:int64 rootfs_size_in_bytes=5:int64 affinity_cpus=6:WindowsCpuGroupAffinity[]',
  WindowsCpuGroupAffinity: 'cpu_mask=1:uint64 cpu_group=2:uint32',
  ContainerMetadata: 'name=1:string attempt=2:uint32',
  Device: 'container_path=1:string host_path=2:string permissions=3:string',
  CDIDevice: 'name=1:string',
  ContainerConfig:
    'metadata=1:ContainerMetadata image=2:ImageSpec command=3:string[] args=4:string[] working_dir=5:string envs=6:KeyValue[] mounts=7:Mount[] devices=8:Device[] labels=9:map annotations=10:map log_path=11:string stdin=12:bool stdin_once=13:bool tty=14:bool linux=15:LinuxContainerConfig windows=16:WindowsContainerConfig CDI_devices=17:CDIDevice[] stop_signal=18:Signal',
  CreateContainerRequest: 'pod_sandbox_id=1:string@pod config=2:ContainerConfig sandbox_config=3:PodSandboxConfig',
  CreateContainerResponse: 'container_id=1:string@container',
  StartContainerRequest: 'container_id=1:string@container',
  StopContainerRequest: 'container_id=1:string@container timeout=2:int64',
  RemoveContainerRequest: 'container_id=1:string@container',
  ContainerStateValue: 'state=1:ContainerState',
  ContainerFilter: 'id=1:string@container state=2:ContainerStateValue pod_sandbox_id=3:string@pod label_selector=4:map',
  ListContainersRequest: 'filter=1:ContainerFilter',
  Container:
    'id=1:string@container pod_sandbox_id=2:string@pod metadata=3:ContainerMetadata image=4:ImageSpec image_ref=5:string@imageId state=6:ContainerState created_at=7:int64 labels=8:map annotations=9:map image_id=10:string@imageId',
  ListContainersResponse: 'containers=1:Container[]',
  StreamContainersRequest: 'filter=1:ContainerFilter',
  StreamContainersResponse: 'containers=1:Container[]',
  ContainerStatusRequest: 'container_id=1:string@container verbose=2:bool',
  ContainerStatus:
    'id=1:string@container metadata=2:ContainerMetadata state=3:ContainerState created_at=4:int64 started_at=5:int64 finished_at=6:int64 exit_code=7:int32 image=8:ImageSpec image_ref=9:string@image reason=10:string message=11:string labels=12:map annotations=13:map mounts=14:Mount[] log_path=15:string resources=16:ContainerResources image_id=17:string@imageId user=18:ContainerUser stop_signal=19:Signal',
  ContainerStatusResponse: 'status=1:ContainerStatus info=2:map@secret',
  ContainerResources: 'linux=1:LinuxContainerResources windows=2:WindowsContainerResources',
  ContainerUser: 'linux=1:LinuxContainerUser',
  UpdateContainerResourcesRequest:
    'container_id=1:string@container linux=2:LinuxContainerResources windows=3:WindowsContainerResources annotations=4:map',
  ExecSyncRequest: 'container_id=1:string@container cmd=2:string[] timeout=3:int64',
  ExecSyncResponse: 'stdout=1:bytes stderr=2:bytes exit_code=3:int32',
  ExecRequest: 'container_id=1:string@container cmd=2:string[] tty=3:bool stdin=4:bool stdout=5:bool stderr=6:bool',
  ExecResponse: 'url=1:string@url',
  AttachRequest: 'container_id=1:string@container stdin=2:bool tty=3:bool stdout=4:bool stderr=5:bool',
  AttachResponse: 'url=1:string@url',
  PortForwardRequest: 'pod_sandbox_id=1:string@pod port=2:int32[]',
  PortForwardResponse: 'url=1:string@url',
  ImageFilter: 'image=1:ImageSpec',
  ListImagesRequest: 'filter=1:ImageFilter',
  Image:
    'id=1:string@imageId repo_tags=2:string[]@image repo_digests=3:string[]@image size=4:uint64 uid=5:Int64Value username=6:string spec=7:ImageSpec pinned=8:bool',
  ListImagesResponse: 'images=1:Image[]',
  StreamImagesRequest: 'filter=1:ImageFilter',
  StreamImagesResponse: 'images=1:Image[]',
  ImageStatusRequest: 'image=1:ImageSpec verbose=2:bool',
  ImageStatusResponse: 'image=1:Image info=2:map@secret',
  AuthConfig:
    'username=1:string@secret password=2:string@secret auth=3:string@secret server_address=4:string@address identity_token=5:string@secret registry_token=6:string@secret',
  PullImageRequest: 'image=1:ImageSpec auth=2:AuthConfig sandbox_config=3:PodSandboxConfig',
  PullImageResponse: 'image_ref=1:string@imageId',
  RemoveImageRequest: 'image=1:ImageSpec',
  NetworkConfig: 'pod_cidr=1:string',
  RuntimeConfig: 'network_config=1:NetworkConfig',
  UpdateRuntimeConfigRequest: 'runtime_config=1:RuntimeConfig',
  RuntimeCondition: 'type=1:string status=2:bool reason=3:string message=4:string',
  RuntimeStatus: 'conditions=1:RuntimeCondition[]',
  StatusRequest: 'verbose=1:bool',
  RuntimeHandlerFeatures: 'recursive_read_only_mounts=1:bool user_namespaces=2:bool',
  RuntimeHandler: 'name=1:string features=2:RuntimeHandlerFeatures',
  RuntimeFeatures: 'supplemental_groups_policy=1:bool user_namespaces_host_network=2:bool mount_options=3:bool',
  StatusResponse:
    'status=1:RuntimeStatus info=2:map@secret runtime_handlers=3:RuntimeHandler[] features=4:RuntimeFeatures',
  UInt64Value: 'value=1:uint64',
  FilesystemIdentifier: 'mountpoint=1:string',
  FilesystemUsage:
    'timestamp=1:int64 fs_id=2:FilesystemIdentifier@filesystemId used_bytes=3:UInt64Value inodes_used=4:UInt64Value',
  WindowsFilesystemUsage: 'timestamp=1:int64 fs_id=2:FilesystemIdentifier used_bytes=3:UInt64Value',
  ImageFsInfoResponse: 'image_filesystems=1:FilesystemUsage[] container_filesystems=2:FilesystemUsage[]',
  ContainerStatsRequest: 'container_id=1:string@container',
  ContainerStatsResponse: 'stats=1:ContainerStats',
  ListContainerStatsRequest: 'filter=1:ContainerStatsFilter',
  ContainerStatsFilter: 'id=1:string@container pod_sandbox_id=2:string@pod label_selector=3:map',
  ListContainerStatsResponse: 'stats=1:ContainerStats[]',
  StreamContainerStatsRequest: 'filter=1:ContainerStatsFilter',
  StreamContainerStatsResponse: 'container_stats=1:ContainerStats[]',
  ContainerAttributes: 'id=1:string@container metadata=2:ContainerMetadata labels=3:map annotations=4:map',
  ContainerStats:
    'attributes=1:ContainerAttributes cpu=2:CpuUsage memory=3:MemoryUsage writable_layer=4:FilesystemUsage swap=5:SwapUsage io=6:IoUsage',
  WindowsContainerStats:
    'attributes=1:ContainerAttributes cpu=2:WindowsCpuUsage memory=3:WindowsMemoryUsage writable_layer=4:WindowsFilesystemUsage',
  PsiStats: 'Full=1:PsiData Some=2:PsiData',
  PsiData: 'Total=1:uint64 Avg10=2:double Avg60=3:double Avg300=4:double',
  CpuUsage: 'timestamp=1:int64 usage_core_nano_seconds=2:UInt64Value usage_nano_cores=3:UInt64Value psi=4:PsiStats',
  WindowsCpuUsage: 'timestamp=1:int64 usage_core_nano_seconds=2:UInt64Value usage_nano_cores=3:UInt64Value',
  MemoryUsage:
    'timestamp=1:int64 working_set_bytes=2:UInt64Value available_bytes=3:UInt64Value usage_bytes=4:UInt64Value rss_bytes=5:UInt64Value page_faults=6:UInt64Value major_page_faults=7:UInt64Value psi=8:PsiStats',
  IoUsage: 'timestamp=1:int64 psi=2:PsiStats',
  SwapUsage: 'timestamp=1:int64 swap_available_bytes=2:UInt64Value swap_usage_bytes=3:UInt64Value',
  WindowsMemoryUsage:
    'timestamp=1:int64 working_set_bytes=2:UInt64Value available_bytes=3:UInt64Value page_faults=4:UInt64Value commit_memory_bytes=5:UInt64Value',
  ReopenContainerLogRequest: 'container_id=1:string@container',
  CheckpointContainerRequest: 'container_id=1:string@container location=2:string timeout=3:int64',
  CheckpointPodRequest:
    'pod_sandbox_id=1:string@pod output_path=2:string container_ids=3:string[]@container options=4:map',
  RestorePodRequest:
    'checkpoint_path=1:string config=2:PodSandboxConfig runtime_handler=3:string@handler options=4:map container_configs=5:ContainerConfig[]',
  RestoredContainer: 'name=1:string container_id=2:string@container',
  RestorePodResponse: 'pod_sandbox_id=1:string@pod restored_containers=2:RestoredContainer[]',
  ContainerEventResponse:
    'container_id=1:string@container container_event_type=2:ContainerEventType created_at=3:int64 pod_sandbox_status=4:PodSandboxStatus containers_statuses=5:ContainerStatus[]',
  ListMetricDescriptorsResponse: 'descriptors=1:MetricDescriptor[]',
  MetricDescriptor: 'name=1:string help=2:string label_keys=3:string[]',
  ListPodSandboxMetricsResponse: 'pod_metrics=1:PodSandboxMetrics[]',
  StreamPodSandboxMetricsResponse: 'pod_sandbox_metrics=1:PodSandboxMetrics[]',
  PodSandboxMetrics: 'pod_sandbox_id=1:string@pod metrics=2:Metric[] container_metrics=3:ContainerMetrics[]',
  ContainerMetrics: 'container_id=1:string@container metrics=2:Metric[]',
  Metric: 'name=1:string timestamp=2:int64 metric_type=3:MetricType label_values=4:string[] value=5:UInt64Value',
  RuntimeConfigResponse: 'linux=1:LinuxRuntimeConfiguration',
  LinuxRuntimeConfiguration: 'cgroup_driver=1:CgroupDriver',
  UpdatePodSandboxResourcesRequest:
    'pod_sandbox_id=1:string@pod overhead=2:LinuxContainerResources resources=3:LinuxContainerResources',
};
