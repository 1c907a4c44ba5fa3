output "function" {
  description = "Name of the function"
  value       = tencentcloud_scf_function.function.name
}

output "role" {
  description = "Name of its execution role"
  value       = tencentcloud_cam_role.function.name
}

output "code_sha256" {
  description = "SHA-256 of the zip that it runs"
  value       = local.digest
}
